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
    {"cpu", QT_TRANSLATE_NOOP("geomx::gui::Property", "CPU cores"), nullptr},
    {"env", QT_TRANSLATE_NOOP("geomx::gui::Property", "Environment"), nullptr},
    {"start", QT_TRANSLATE_NOOP("geomx::gui::Property", "Start command"), nullptr},
    {"datacenter", QT_TRANSLATE_NOOP("geomx::gui::Property", "Data center"), nullptr},
    {"routing", QT_TRANSLATE_NOOP("geomx::gui::Property", "Routing"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "How routers know where to send a packet next.")},
    {"uplink", QT_TRANSLATE_NOOP("geomx::gui::Property", "Uplink"),
     QT_TRANSLATE_NOOP("geomx::gui::Property", "A way out of the emulated network, into the real one.")},
    // Training
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
    // Events, expectations, commands
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
    return QCoreApplication::translate(kContext, "New: %1").arg(label_of(path.mid(kSet.size())));
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
