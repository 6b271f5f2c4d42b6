#include "gui/model/catalogue_words.h"

#include <QCoreApplication>
#include <QHash>
#include <QSet>

namespace geomx::gui::words {
namespace {

struct Word {
  const char* path;
  const char* label;
  const char* explanation;
};

constexpr const char* kContext = "geomx::gui::Property";

const Word kWords[] = {
    // Of everything
    {"name", QT_TRANSLATE_NOOP("geomx::gui::Property", "Name"), nullptr},
    {"description", QT_TRANSLATE_NOOP("geomx::gui::Property", "Description"), nullptr},
    {"kind", QT_TRANSLATE_NOOP("geomx::gui::Property", "Kind"), nullptr},
    {"link", QT_TRANSLATE_NOOP("geomx::gui::Property", "Link"), nullptr},
    {"node", QT_TRANSLATE_NOOP("geomx::gui::Property", "Node"), nullptr},
    {"direction", QT_TRANSLATE_NOOP("geomx::gui::Property", "Direction"), nullptr},
    {"trace", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rate trace"), nullptr},
    // Links
    {"rate", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rate"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How many bits pass per second: what advertisements call bandwidth.")},
    {"delay", QT_TRANSLATE_NOOP("geomx::gui::Property", "Delay"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How long a packet is under way in one direction; a ping takes both.")},
    {"jitter", QT_TRANSLATE_NOOP("geomx::gui::Property", "Jitter"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How much the delay varies from packet to packet.")},
    {"distribution", QT_TRANSLATE_NOOP("geomx::gui::Property", "Jitter distribution"), nullptr},
    {"correlation", QT_TRANSLATE_NOOP("geomx::gui::Property", "Jitter correlation"), nullptr},
    {"order", QT_TRANSLATE_NOOP("geomx::gui::Property", "Order under jitter"), nullptr},
    {"loss", QT_TRANSLATE_NOOP("geomx::gui::Property", "Loss"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "The share of packets that never arrive, each by chance.")},
    {"gilbert_elliott", QT_TRANSLATE_NOOP("geomx::gui::Property", "Burst loss"),
     QT_TRANSLATE_NOOP("geomx::gui::Property",
                       "The Gilbert-Elliott model: the link is good or bad, and loses packets in bursts while bad.")},
    {"reorder", QT_TRANSLATE_NOOP("geomx::gui::Property", "Reordering"), nullptr},
    {"corrupt", QT_TRANSLATE_NOOP("geomx::gui::Property", "Corruption"), nullptr},
    {"duplicate", QT_TRANSLATE_NOOP("geomx::gui::Property", "Duplication"), nullptr},
    {"queue", QT_TRANSLATE_NOOP("geomx::gui::Property", "Queue"),
     QT_TRANSLATE_NOOP(
         "geomx::gui::Property",
         "Where packets wait that come faster than the rate lets them pass; what finds it full is lost.")},
    {"discipline", QT_TRANSLATE_NOOP("geomx::gui::Property", "Queue discipline"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "Which packets a queue drops, and when.")},
    {"ecn", QT_TRANSLATE_NOOP("geomx::gui::Property", "ECN"),
     QT_TRANSLATE_NOOP("geomx::gui::Property",
                       "Explicit congestion notification: a mark on a packet that tells the sender to slow down.")},
    {"codel_target", QT_TRANSLATE_NOOP("geomx::gui::Property", "CoDel target"), nullptr},
    {"codel_interval", QT_TRANSLATE_NOOP("geomx::gui::Property", "CoDel interval"), nullptr},
    {"mtu", QT_TRANSLATE_NOOP("geomx::gui::Property", "MTU"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "Maximum transmission unit: the largest packet that passes whole.")},
    {"preset", QT_TRANSLATE_NOOP("geomx::gui::Property", "Kind of link"), nullptr},
    {"ends", QT_TRANSLATE_NOOP("geomx::gui::Property", "Ends"), nullptr},
    {"trace/file", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rate trace: file"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "A rate that follows a recording, of a mobile network for example.")},
    {"trace/table", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rate trace: table"), nullptr},
    {"trace/period", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rate trace: period"), nullptr},
    {"trace/loop", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rate trace: loop"), nullptr},
    // Machines
    {"hosts", QT_TRANSLATE_NOOP("geomx::gui::Property", "Hosts"), nullptr},
    {"image", QT_TRANSLATE_NOOP("geomx::gui::Property", "Image"), nullptr},
    {"memory", QT_TRANSLATE_NOOP("geomx::gui::Property", "Memory"), nullptr},
    {"files", QT_TRANSLATE_NOOP("geomx::gui::Property", "Files"), nullptr},
    {"latitude", QT_TRANSLATE_NOOP("geomx::gui::Property", "Latitude"), nullptr},
    {"longitude", QT_TRANSLATE_NOOP("geomx::gui::Property", "Longitude"), nullptr},
    {"cpu", QT_TRANSLATE_NOOP("geomx::gui::Property", "CPU cores"), nullptr},
    {"env", QT_TRANSLATE_NOOP("geomx::gui::Property", "Environment"), nullptr},
    {"start", QT_TRANSLATE_NOOP("geomx::gui::Property", "Start command"), nullptr},
    {"datacenter", QT_TRANSLATE_NOOP("geomx::gui::Property", "Data center"), nullptr},
    {"routing", QT_TRANSLATE_NOOP("geomx::gui::Property", "Routing"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How routers know where to send a packet next.")},
    {"uplink", QT_TRANSLATE_NOOP("geomx::gui::Property", "Uplink"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "A way out of the emulated network, into the real one.")},
    // Training
    {"model", QT_TRANSLATE_NOOP("geomx::gui::Property", "Model"), nullptr},
    {"device", QT_TRANSLATE_NOOP("geomx::gui::Property", "Device"), nullptr},
    {"augment", QT_TRANSLATE_NOOP("geomx::gui::Property", "Augmentation"), nullptr},
    {"checkpoint", QT_TRANSLATE_NOOP("geomx::gui::Property", "Checkpoints"), nullptr},
    {"codec/lower_bound", QT_TRANSLATE_NOOP("geomx::gui::Property", "Smallest tensor compressed"), nullptr},
    {"codec/ratio", QT_TRANSLATE_NOOP("geomx::gui::Property", "Share that is sent"), nullptr},
    {"codec/threshold", QT_TRANSLATE_NOOP("geomx::gui::Property", "Threshold of 2bit"), nullptr},
    {"codec/values", QT_TRANSLATE_NOOP("geomx::gui::Property", "Values of what is sent"), nullptr},
    {"compute_seconds", QT_TRANSLATE_NOOP("geomx::gui::Property", "Seconds per step"), nullptr},
    {"context", QT_TRANSLATE_NOOP("geomx::gui::Property", "Context length"), nullptr},
    {"evaluate_every", QT_TRANSLATE_NOOP("geomx::gui::Property", "Evaluate every"), nullptr},
    {"faults/drop_messages", QT_TRANSLATE_NOOP("geomx::gui::Property", "Messages dropped"), nullptr},
    {"faults/heartbeat_interval", QT_TRANSLATE_NOOP("geomx::gui::Property", "Heartbeat every"), nullptr},
    {"faults/heartbeat_timeout", QT_TRANSLATE_NOOP("geomx::gui::Property", "Dead after silence of"), nullptr},
    {"faults/join_timeout", QT_TRANSLATE_NOOP("geomx::gui::Property", "Wait for joining"), nullptr},
    {"faults/on_worker_death", QT_TRANSLATE_NOOP("geomx::gui::Property", "When a worker dies"), nullptr},
    {"faults/rejoin_timeout", QT_TRANSLATE_NOOP("geomx::gui::Property", "Wait for rejoining"), nullptr},
    {"faults/resend", QT_TRANSLATE_NOOP("geomx::gui::Property", "Resending"), nullptr},
    {"faults/resend_timeout", QT_TRANSLATE_NOOP("geomx::gui::Property", "Resend after"), nullptr},
    {"faults/round_timeout", QT_TRANSLATE_NOOP("geomx::gui::Property", "Longest round"), nullptr},
    {"optimizer/clip_norm", QT_TRANSLATE_NOOP("geomx::gui::Property", "Clip to norm"), nullptr},
    {"optimizer/clip_value", QT_TRANSLATE_NOOP("geomx::gui::Property", "Clip values"), nullptr},
    {"optimizer/momentum", QT_TRANSLATE_NOOP("geomx::gui::Property", "Momentum"), nullptr},
    {"optimizer/nesterov", QT_TRANSLATE_NOOP("geomx::gui::Property", "Nesterov momentum"), nullptr},
    {"optimizer/weight_decay", QT_TRANSLATE_NOOP("geomx::gui::Property", "Weight decay"), nullptr},
    {"optimizer/schedule/every", QT_TRANSLATE_NOOP("geomx::gui::Property", "Schedule: every"), nullptr},
    {"optimizer/schedule/floor", QT_TRANSLATE_NOOP("geomx::gui::Property", "Schedule: floor"), nullptr},
    {"optimizer/schedule/gamma", QT_TRANSLATE_NOOP("geomx::gui::Property", "Schedule: gamma"), nullptr},
    {"optimizer/schedule/total", QT_TRANSLATE_NOOP("geomx::gui::Property", "Schedule: total"), nullptr},
    {"optimizer/schedule/warmup", QT_TRANSLATE_NOOP("geomx::gui::Property", "Schedule: warm-up"), nullptr},
    {"precision", QT_TRANSLATE_NOOP("geomx::gui::Property", "Precision"), nullptr},
    {"profile", QT_TRANSLATE_NOOP("geomx::gui::Property", "Profile"), nullptr},
    {"security", QT_TRANSLATE_NOOP("geomx::gui::Property", "Security"), nullptr},
    {"sync/k1", QT_TRANSLATE_NOOP("geomx::gui::Property", "Steps between parties (K1)"), nullptr},
    {"sync/k2", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rounds between parties (K2)"), nullptr},
    {"sync/local_steps", QT_TRANSLATE_NOOP("geomx::gui::Property", "Local steps"), nullptr},
    {"global_servers", QT_TRANSLATE_NOOP("geomx::gui::Property", "Global servers"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "They hold the model for all parties, in the central one.")},
    {"servers", QT_TRANSLATE_NOOP("geomx::gui::Property", "Party servers"),
     QT_TRANSLATE_NOOP("geomx::gui::Property",
                       "They add up what the workers of their data center send, so that less of "
                       "it crosses the WAN.")},
    {"workers", QT_TRANSLATE_NOOP("geomx::gui::Property", "Workers"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "They compute gradients, each from its own share of the data.")},
    {"dataset", QT_TRANSLATE_NOOP("geomx::gui::Property", "Data set"), nullptr},
    {"data_dir", QT_TRANSLATE_NOOP("geomx::gui::Property", "Folder of the data"), nullptr},
    {"architecture", QT_TRANSLATE_NOOP("geomx::gui::Property", "Architecture"),
     QT_TRANSLATE_NOOP("geomx::gui::Property",
                       "HiPS, the hierarchical parameter server: one in each data center, and a global one above.")},
    {"batch_size", QT_TRANSLATE_NOOP("geomx::gui::Property", "Batch size"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How many samples one gradient is the mean of.")},
    {"epochs", QT_TRANSLATE_NOOP("geomx::gui::Property", "Epochs"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How often each sample is seen.")},
    {"rounds", QT_TRANSLATE_NOOP("geomx::gui::Property", "Rounds"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How often the model is brought up to date by all together.")},
    {"optimizer/name", QT_TRANSLATE_NOOP("geomx::gui::Property", "Optimizer"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How a gradient becomes a step of the model's parameters.")},
    {"sync/name", QT_TRANSLATE_NOOP("geomx::gui::Property", "Synchronisation"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "Who waits for whom before the next step.")},
    {"codec/name", QT_TRANSLATE_NOOP("geomx::gui::Property", "Compression"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How gradients are made smaller before they travel.")},
    {"optimizer/schedule/name", QT_TRANSLATE_NOOP("geomx::gui::Property", "Learning rate schedule"), nullptr},
    {"optimizer/learning_rate", QT_TRANSLATE_NOOP("geomx::gui::Property", "Learning rate"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How large a step is.")},
    {"sync/outer/learning_rate", QT_TRANSLATE_NOOP("geomx::gui::Property", "Outer learning rate"), nullptr},
    {"sync/outer/momentum", QT_TRANSLATE_NOOP("geomx::gui::Property", "Outer momentum"), nullptr},
    {"sync/dcasgd", QT_TRANSLATE_NOOP("geomx::gui::Property", "DC-ASGD"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "Corrects a gradient that comes late for what has changed since.")},
    {"sync/dcasgd_lambda", QT_TRANSLATE_NOOP("geomx::gui::Property", "DC-ASGD lambda"), nullptr},
    {"flow/p3", QT_TRANSLATE_NOOP("geomx::gui::Property", "P3"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "Priority propagation: what the next step needs first travels first.")},
    {"flow/p3_slice", QT_TRANSLATE_NOOP("geomx::gui::Property", "P3 slice"), nullptr},
    {"flow/dgt", QT_TRANSLATE_NOOP("geomx::gui::Property", "DGT"), nullptr},
    {"flow/tsengine", QT_TRANSLATE_NOOP("geomx::gui::Property", "TSEngine"), nullptr},
    {"bigarray_bound", QT_TRANSLATE_NOOP("geomx::gui::Property", "Bound of large tensors"), nullptr},
    {"stragglers", QT_TRANSLATE_NOOP("geomx::gui::Property", "Stragglers"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "Workers that are slower than the others.")},
    {"dirichlet_alpha", QT_TRANSLATE_NOOP("geomx::gui::Property", "Dirichlet alpha"), nullptr},
    {"split", QT_TRANSLATE_NOOP("geomx::gui::Property", "Split of the data"), nullptr},
    {"split_by_class", QT_TRANSLATE_NOOP("geomx::gui::Property", "Split by class"), nullptr},
    // Events, expectations, commands, sweeps
    {"after", QT_TRANSLATE_NOOP("geomx::gui::Property", "After"), nullptr},
    {"background", QT_TRANSLATE_NOOP("geomx::gui::Property", "In the background"), nullptr},
    {"directory", QT_TRANSLATE_NOOP("geomx::gui::Property", "Directory"), nullptr},
    {"environment", QT_TRANSLATE_NOOP("geomx::gui::Property", "Environment"), nullptr},
    {"nodes", QT_TRANSLATE_NOOP("geomx::gui::Property", "Nodes"), nullptr},
    {"timeout", QT_TRANSLATE_NOOP("geomx::gui::Property", "Time limit"), nullptr},
    {"up", QT_TRANSLATE_NOOP("geomx::gui::Property", "Up"), nullptr},
    {"down", QT_TRANSLATE_NOOP("geomx::gui::Property", "Down"), nullptr},
    {"flap", QT_TRANSLATE_NOOP("geomx::gui::Property", "Flapping"), nullptr},
    {"ramp", QT_TRANSLATE_NOOP("geomx::gui::Property", "Ramp"), nullptr},
    {"random", QT_TRANSLATE_NOOP("geomx::gui::Property", "At random"), nullptr},
    {"repeat", QT_TRANSLATE_NOOP("geomx::gui::Property", "Repeat"), nullptr},
    {"kill", QT_TRANSLATE_NOOP("geomx::gui::Property", "Kill"), nullptr},
    {"pause", QT_TRANSLATE_NOOP("geomx::gui::Property", "Pause"), nullptr},
    {"resume", QT_TRANSLATE_NOOP("geomx::gui::Property", "Resume"), nullptr},
    {"restart", QT_TRANSLATE_NOOP("geomx::gui::Property", "Restart"), nullptr},
    {"ready/file", QT_TRANSLATE_NOOP("geomx::gui::Property", "Ready: file"), nullptr},
    {"ready/output", QT_TRANSLATE_NOOP("geomx::gui::Property", "Ready: output"), nullptr},
    {"ready/port", QT_TRANSLATE_NOOP("geomx::gui::Property", "Ready: port"), nullptr},
    {"ready/within", QT_TRANSLATE_NOOP("geomx::gui::Property", "Ready: within"), nullptr},
    {"sweep", QT_TRANSLATE_NOOP("geomx::gui::Property", "Sweep"), nullptr},
    {"at", QT_TRANSLATE_NOOP("geomx::gui::Property", "At"), nullptr},
    {"min", QT_TRANSLATE_NOOP("geomx::gui::Property", "At least"), nullptr},
    {"max", QT_TRANSLATE_NOOP("geomx::gui::Property", "At most"), nullptr},
    {"metric", QT_TRANSLATE_NOOP("geomx::gui::Property", "Measured value"), nullptr},
    {"argv", QT_TRANSLATE_NOOP("geomx::gui::Property", "Program and arguments"), nullptr},
    {"may_fail", QT_TRANSLATE_NOOP("geomx::gui::Property", "May fail"), nullptr},
    {"seed", QT_TRANSLATE_NOOP("geomx::gui::Property", "Seed"),
     QT_TRANSLATE_NOOP("geomx::gui::Property",
                       "The number that all chance is drawn from: the same again, the same run.")},
};

// The longest entry that the path ends with.
const Word* find(const QString& path) {
  static const QHash<QString, const Word*> by_path = [] {
    QHash<QString, const Word*> all;
    for (const Word& word : kWords) all.insert(QLatin1String(word.path), &word);
    return all;
  }();
  for (qsizetype at = 0; at >= 0;) {
    if (const auto found = by_path.find(path.mid(at)); found != by_path.end()) return *found;
    at = path.indexOf(QLatin1Char('/'), at);
    if (at >= 0) ++at;
  }
  return nullptr;
}

}  // namespace

// "batch_size" is "Batch size" by itself; in a group, "Trace period".
QString label_of(const QString& path) {
  constexpr QLatin1String kSet("set/");  // an event's
  if (path.startsWith(kSet)) {
    return QCoreApplication::translate("geomx::gui::Property", "New: %1").arg(label_of(path.mid(kSet.size())));
  }
  if (const Word* word = find(path)) return QCoreApplication::translate(kContext, word->label);
  QString label = path;
  label.replace(QLatin1Char('/'), QLatin1Char(' ')).replace(QLatin1Char('_'), QLatin1Char(' '));
  return label.left(1).toUpper() + label.mid(1);
}

QString explanation_of(const QString& path) {
  const Word* word = find(path);
  return word == nullptr || word->explanation == nullptr ? QString()
                                                         : QCoreApplication::translate(kContext, word->explanation);
}

QStringList examples_of(const QString& path) {
  static const QHash<QString, QString> kExamples{
      {"gilbert_elliott", R"({"p": "1%", "r": "20%"})"},
      {"set/gilbert_elliott", R"({"p": "1%", "r": "20%"})"},
      {"trace/table", R"([{"at": "0s", "rate": "10Mbit"}, {"at": "5s", "rate": "1Mbit"}])"},
      {"ramp", R"({"to": {"delay": "40ms"}, "over": "1s"})"},
      {"flap", R"({"down": "1s", "up": "4s", "times": 3})"},
      {"random", R"({"every": "5s", "over": "60s", "down": "1s"})"},
      {"env", R"({"OMP_NUM_THREADS": "1"})"},
      {"environment", R"({"OMP_NUM_THREADS": "1"})"},
      {"files", R"([{"path": "/etc/motd", "text": "hello\n"}])"},
      {"start", R"(["sh", "-c", "echo up"])"},
      {"argv", R"(["ping", "-c", "3", "b-host-0"])"},
      {"nodes", R"(["a-host-*"])"},
      {"after", R"(["server"])"},
      {"stragglers", R"({"a-worker-0": 3})"},
      {"flow/dgt", "true"},
      {"flow/tsengine", "true"},
      {"checkpoint", "true"},
      {"device", "eth1"},
  };
  const auto found = kExamples.find(path);
  return found == kExamples.end() ? QStringList() : QStringList{*found};
}

bool is_advanced(const QString& path) {
  static const QSet<QString> kCommon{"name",
                                     "description",
                                     "seed",
                                     "hosts",
                                     "kind",
                                     "datacenter",
                                     "preset",
                                     "rate",
                                     "delay",
                                     "jitter",
                                     "loss",
                                     "queue",
                                     "global_servers",
                                     "servers",
                                     "workers",
                                     "model",
                                     "dataset",
                                     "batch_size",
                                     "epochs",
                                     "rounds",
                                     "architecture",
                                     "device",
                                     "optimizer/name",
                                     "optimizer/learning_rate",
                                     "sync/name",
                                     "codec/name",
                                     "flow/p3",
                                     "at",
                                     "link",
                                     "node",
                                     "set",
                                     "down",
                                     "kill",
                                     "metric",
                                     "min",
                                     "max",
                                     "argv",
                                     "nodes",
                                     "after",
                                     "routing",
                                     "ends"};
  return !kCommon.contains(path);
}

}  // namespace geomx::gui::words
