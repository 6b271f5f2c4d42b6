#include "gui/model/topology_reading.h"

#include <QSet>
#include <algorithm>

#include "emulator/scenario/link_patch.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/presets.h"
#include "emulator/scenario/roles.h"

namespace geomx::gui {
namespace {

constexpr int kMostOfAKind = 1000;  // hosts of a data center, workers of a party: more are an error in the file

// Looks things up in a tree that may be anything.
class Lenient {
 public:
  explicit Lenient(const JsonText& json) : json_(json) {}

  const std::vector<JsonNode>& list(const QString& pointer) const {
    static const std::vector<JsonNode> kNone;
    const JsonNode* node = json_.find(pointer);
    return node != nullptr && node->kind == JsonNode::Kind::array ? node->children : kNone;
  }

  QString text(const JsonNode& node) const {
    return node.kind == JsonNode::Kind::string ? json_.typed(node) : QString();
  }
  QString text(const JsonNode& object, const char* key) const {
    const JsonNode* node = object.member(QLatin1String(key));
    return node == nullptr ? QString() : text(*node);
  }

  int count(const JsonNode& object, const char* key, int by_default) const {
    const std::optional<double> value = number(object, key);
    return value ? static_cast<int>(std::clamp(*value, 0.0, double{kMostOfAKind})) : by_default;
  }

  std::optional<double> number(const JsonNode& object, const char* key) const {
    const JsonNode* node = object.member(QLatin1String(key));
    if (node == nullptr || node->kind != JsonNode::Kind::number) return std::nullopt;
    return json_.raw(*node).toDouble();
  }

  PropertyTexts properties(const JsonNode* object, const QStringList& except = {}) const {
    PropertyTexts texts;
    if (object == nullptr || object->kind != JsonNode::Kind::object) return texts;
    for (const JsonNode& member : object->children) {
      if (!except.contains(member.name)) texts.insert(member.name, json_.typed(member));
    }
    return texts;
  }

  QByteArray raw(const JsonNode& node) const { return json_.raw(node); }
  const JsonNode* find(const QString& pointer) const { return json_.find(pointer); }

 private:
  const JsonText& json_;
};

class Reader {
 public:
  explicit Reader(const JsonText& json) : json_(json) {}

  TopologyReading read() {
    read_each("/topology/datacenters", [this](const JsonNode& node, const QString& at) { datacenter(node, at); });
    read_each("/topology/nodes", [this](const JsonNode& node, const QString& at) { this->node(node, at); });
    read_each("/topology/links", [this](const JsonNode& node, const QString& at) { link(node, at); });
    read_each("/training/parties", [this](const JsonNode& node, const QString& at) { party(node, at); });
    read_each("/workload", [this](const JsonNode& node, const QString&) { command(node); });
    for (DatacenterItem& datacenter : reading_.datacenters) datacenter.hosts = hosts_of(datacenter);
    assign_ids(reading_);
    return std::move(reading_);
  }

 private:
  template <class Read>
  void read_each(const char* list, const Read& read) {
    const QString pointer = QLatin1String(list);
    qsizetype index = 0;
    for (const JsonNode& element : json_.list(pointer)) read(element, child(pointer, index++));
  }

  scenario::Topology& topology() { return reading_.skeleton.topology; }

  void datacenter(const JsonNode& node, const QString& pointer) {
    DatacenterItem item;
    item.name = json_.text(node, "name");
    item.pointer = pointer;
    item.kind = ItemKind::datacenter;
    item.text = json_.raw(node);
    item.latitude = json_.number(node, "latitude");
    item.longitude = json_.number(node, "longitude");
    scenario::Datacenter& bare = topology().datacenters.emplace_back();
    bare.name = item.name.toStdString();
    bare.hosts = json_.count(node, "hosts", 0);
    reading_.datacenters.push_back(std::move(item));
  }

  void node(const JsonNode& node, const QString& pointer) {
    const QString kind = json_.text(node, "kind");
    NodeItem item;
    item.name = json_.text(node, "name");
    item.pointer = pointer;
    item.kind = kind == QLatin1String("router")   ? ItemKind::router
                : kind == QLatin1String("switch") ? ItemKind::switch_
                                                  : ItemKind::host;
    item.text = json_.raw(node);
    item.datacenter = json_.text(node, "datacenter");
    item.latitude = json_.number(node, "latitude");
    item.longitude = json_.number(node, "longitude");
    scenario::Node& bare = topology().nodes.emplace_back();
    bare.name = item.name.toStdString();
    bare.kind = item.kind == ItemKind::switch_  ? scenario::NodeKind::switch_
                : item.kind == ItemKind::router ? scenario::NodeKind::router
                                                : scenario::NodeKind::host;
    if (!item.datacenter.isEmpty()) bare.datacenter = item.datacenter.toStdString();
    reading_.nodes.push_back(std::move(item));
  }

  void link(const JsonNode& node, const QString& pointer) {
    LinkItem item;
    const JsonNode* ends = node.member(QStringLiteral("ends"));
    for (std::size_t i = 0; ends != nullptr && i < std::min<std::size_t>(2, ends->children.size()); ++i) {
      item.ends[i] = json_.text(ends->children[i]);
    }
    item.name = json_.text(node, "name");
    if (item.name.isEmpty()) item.name = item.ends[0] + QLatin1String("--") + item.ends[1];
    item.pointer = pointer;
    item.kind = ItemKind::link;
    item.text = json_.raw(node);
    item.common = json_.properties(&node, {"name", "ends", "forward", "backward"});
    item.forward = json_.properties(node.member(QStringLiteral("forward")));
    item.backward = json_.properties(node.member(QStringLiteral("backward")));
    scenario::Link& bare = topology().links.emplace_back();
    bare.name = item.name.toStdString();
    for (int i = 0; i < 2; ++i) bare.ends[i] = item.ends[i].toStdString();
    reading_.links.push_back(std::move(item));
  }

  void party(const JsonNode& node, const QString& pointer) {
    scenario::Training& training =
        reading_.skeleton.training ? *reading_.skeleton.training : reading_.skeleton.training.emplace();
    const JsonNode* architecture = json_.find(QStringLiteral("/training/architecture"));
    if (architecture != nullptr && !json_.text(*architecture).isEmpty()) {
      training.architecture = json_.text(*architecture).toStdString();
    }
    const PartyItem item{pointer, json_.count(node, "global_servers", 0), json_.count(node, "servers", 1),
                         json_.count(node, "workers", 0)};
    const QString name = json_.text(node, "datacenter");
    scenario::Party& bare = training.parties.emplace_back();
    bare.datacenter = name.toStdString();
    bare.global_servers = item.global_servers;
    bare.servers = item.servers;
    bare.workers = item.workers;
    for (DatacenterItem& datacenter : reading_.datacenters) {
      if (!name.isEmpty() && datacenter.name == name && !datacenter.party) datacenter.party = item;
    }
  }

  void command(const JsonNode& node) {
    scenario::Command& bare = reading_.skeleton.workload.emplace_back();
    bare.name = json_.text(node, "name").toStdString();
    bare.node = json_.text(node, "node").toStdString();
    const JsonNode* nodes = node.member(QStringLiteral("nodes"));
    for (std::size_t i = 0; nodes != nullptr && i < nodes->children.size(); ++i) {
      bare.nodes.push_back(json_.text(nodes->children[i]).toStdString());
    }
  }

  QStringList hosts_of(const DatacenterItem& datacenter) {
    const std::string name = datacenter.name.toStdString();
    if (roles_.empty()) roles_ = scenario::roles_of(reading_.skeleton);
    QStringList hosts{QString::fromStdString(scenario::gateway_of(name))};
    for (const scenario::Role& role : roles_) {
      if (role.datacenter == name) hosts.append(QString::fromStdString(role.name));
    }
    const auto index = static_cast<std::size_t>(&datacenter - reading_.datacenters.data());
    for (int i = 0; i < topology().datacenters[index].hosts; ++i) {
      hosts.append(QString::fromStdString(scenario::host_of(name, i)));
    }
    return hosts;
  }

  Lenient json_;
  TopologyReading reading_;
  std::vector<scenario::Role> roles_;
};

}  // namespace

TopologyReading read_topology(const JsonText* json) {
  return json == nullptr ? TopologyReading() : Reader(*json).read();
}

void assign_ids(TopologyReading& reading) {
  QSet<QString> taken;
  const auto assign = [&taken](Item& item, const QString& wanted) {
    item.id = wanted;
    for (int i = 1; item.id.isEmpty() || taken.contains(item.id); ++i) item.id = wanted + QStringLiteral("?%1").arg(i);
    taken.insert(item.id);
  };
  for (DatacenterItem& item : reading.datacenters) assign(item, item.name);
  for (NodeItem& item : reading.nodes) assign(item, item.name);
  for (LinkItem& item : reading.links) assign(item, TopologyModel::link_id(item.name));
}

QString figure_of(const scenario::LinkProperties& figures, const QString& key) {
  const QString written = as_typed(QString::fromStdString(scenario::text_of(figures, key.toStdString())));
  const bool nothing = written == QLatin1String("null") || written == QLatin1String("auto") ||
                       (key == QLatin1String("delay") && !figures.delay) ||
                       (key == QLatin1String("jitter") && !figures.jitter) ||
                       (key == QLatin1String("loss") && !figures.loss);
  return nothing ? QString() : written;
}

QString LinkItem::effective(const QString& key, bool forward_direction) const {
  static const QMap<QString, QString> kRivals{
      {"rate", "trace"}, {"trace", "rate"}, {"loss", "gilbert_elliott"}, {"gilbert_elliott", "loss"}};
  const QString rival = kRivals.value(key);
  for (const PropertyTexts* texts : {forward_direction ? &forward : &backward, &common}) {
    if (const auto own = texts->find(key); own != texts->end()) return *own;
    if (!rival.isEmpty() && texts->contains(rival)) return {};
    const scenario::Preset* preset = scenario::find_preset(texts->value(QStringLiteral("preset")).toStdString());
    if (preset == nullptr) continue;
    const scenario::LinkProperties& figures = forward_direction ? preset->down : preset->up;
    if (const QString figure = figure_of(figures, key); !figure.isEmpty()) return figure;
    if (!rival.isEmpty() && !figure_of(figures, rival).isEmpty()) return {};
  }
  return {};
}

}  // namespace geomx::gui
