#include "gui/model/references.h"

#include <algorithm>

#include "emulator/scenario/metrics.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/workload.h"

namespace geomx::gui {
namespace {

using Names = std::vector<std::string>;

QString text(const std::string& name) {
  return QString::fromStdString(name);
}

Names vertices(const scenario::Scenario& scenario) {
  Names names;
  for (const scenario::Datacenter& datacenter : scenario.topology.datacenters) names.push_back(datacenter.name);
  for (const scenario::Node& node : scenario.topology.nodes) names.push_back(node.name);
  return names;
}

QHash<QString, QString> pair_up(const Names& before, const Names& after) {
  QHash<QString, QString> pairs;
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (before[i] != after[i]) pairs.insert(text(before[i]), text(after[i]));
  }
  return pairs;
}

QSet<QString> difference(const Names& before, const Names& after) {
  QSet<QString> gone;
  for (const std::string& name : before) gone.insert(text(name));
  for (const std::string& name : after) gone.remove(text(name));
  return gone;
}

// Walks over the places of a document that name something.
class Walk {
 public:
  explicit Walk(const JsonText& json) : json_(json) {}

  // read(value, pointer) for each element of a list.
  template <class Read>
  void each(const QString& list, const Read& read) const {
    const JsonNode* node = json_.find(list);
    if (node == nullptr || node->kind != JsonNode::Kind::array) return;
    qsizetype index = 0;
    for (const JsonNode& element : node->children) read(element, child(list, index++));
  }

  // read(name, pointer) of a member of each element of a list.
  template <class Read>
  void each_member(const QString& list, const char* key, const Read& read) const {
    each(list, [&](const JsonNode& element, const QString& at) {
      const JsonNode* member = element.member(QLatin1String(key));
      if (member != nullptr && member->kind == JsonNode::Kind::string) {
        read(json_.typed(*member), child(at, QLatin1String(key)));
      }
    });
  }

  // read(name, pointer) of each string of a list.
  template <class Read>
  void each_string(const QString& list, const Read& read) const {
    each(list, [&](const JsonNode& element, const QString& at) {
      if (element.kind == JsonNode::Kind::string) read(json_.typed(element), at);
    });
  }

  template <class Read>
  void each_key(const QString& object, const Read& read) const {
    const JsonNode* node = json_.find(object);
    if (node == nullptr || node->kind != JsonNode::Kind::object) return;
    for (const JsonNode& member : node->children) read(member.name, child(object, member.name));
  }

 private:
  const JsonText& json_;
};

}  // namespace

Renames renames(const scenario::Scenario& before, const scenario::Scenario& after) {
  Renames all{pair_up(vertices(before), vertices(after)),
              pair_up(scenario::node_names(before), scenario::node_names(after)),
              pair_up(scenario::link_names(before), scenario::link_names(after)),
              {}};
  for (std::size_t i = 0; i < before.topology.datacenters.size(); ++i) {
    const std::string& old = before.topology.datacenters[i].name;
    const std::string& fresh = after.topology.datacenters[i].name;
    if (old == fresh) continue;
    for (const scenario::Command& command : before.workload) {
      for (const std::string& pattern : command.nodes) {
        const bool is_of_it = pattern.starts_with(old + "-") && pattern.find('*') != std::string::npos;
        if (is_of_it) all.nodes.insert(text(pattern), text(fresh + pattern.substr(old.size())));
      }
    }
  }
  // Commands have metrics for each node that they run in.
  scenario::Scenario followed = after;
  const auto follow_node = [&all](std::string& node) { node = all.nodes.value(text(node), text(node)).toStdString(); };
  for (scenario::Command& command : followed.workload) {
    follow_node(command.node);
    for (std::string& node : command.nodes) follow_node(node);
  }
  all.metrics = pair_up(scenario::metrics(before), scenario::metrics(followed));
  return all;
}

Edits follow(const JsonText& json, const Renames& renames) {
  const Walk walk(json);
  Edits edits;
  const auto by = [&edits](const QHash<QString, QString>& names) {
    return [&edits, &names](const QString& name, const QString& pointer) {
      if (const auto found = names.find(name); found != names.end()) {
        edits.push_back(Edit::set(pointer, quoted(*found)));
      }
    };
  };
  walk.each(QStringLiteral("/topology/links"), [&](const JsonNode&, const QString& at) {
    walk.each_string(child(at, QStringLiteral("ends")), by(renames.vertices));
  });
  walk.each_member(QStringLiteral("/topology/nodes"), "datacenter", by(renames.vertices));
  walk.each_member(QStringLiteral("/training/parties"), "datacenter", by(renames.vertices));
  walk.each_member(QStringLiteral("/events"), "node", by(renames.nodes));
  walk.each_member(QStringLiteral("/events"), "link", by(renames.links));
  walk.each_member(QStringLiteral("/workload"), "node", by(renames.nodes));
  walk.each(QStringLiteral("/workload"), [&](const JsonNode&, const QString& at) {
    walk.each_string(child(at, QStringLiteral("nodes")), by(renames.nodes));
    // A whole argument that is a node's name means the node: ["ping", "a-host-0"]. The program is none.
    walk.each_string(child(at, QStringLiteral("argv")), [&](const QString& argument, const QString& pointer) {
      if (key_of(pointer) != QLatin1String("0")) by(renames.nodes)(argument, pointer);
    });
  });
  walk.each_member(QStringLiteral("/expect"), "metric", by(renames.metrics));
  walk.each_key(QStringLiteral("/training/stragglers"), [&](const QString& name, const QString& pointer) {
    if (const auto found = renames.nodes.find(name); found != renames.nodes.end()) {
      edits.push_back(Edit::rename_key(pointer, *found));
    }
  });
  return edits;
}

Losses losses(const scenario::Scenario& before, const scenario::Scenario& after) {
  const Names left = scenario::node_names(after);
  return {difference(vertices(before), vertices(after)), difference(scenario::node_names(before), left),
          difference(left, {}), difference(scenario::link_names(before), scenario::link_names(after)),
          difference(scenario::metrics(before), scenario::metrics(after))};
}

QStringList mentions(const JsonText& json, const Losses& losses) {
  const Walk walk(json);
  QStringList pointers;
  const auto whole_element = [&pointers](const QSet<QString>& gone) {
    return [&pointers, &gone](const QString& name, const QString& pointer) {
      if (gone.contains(name)) pointers.append(parent_of(pointer));
    };
  };
  walk.each_member(QStringLiteral("/training/parties"), "datacenter", whole_element(losses.vertices));
  walk.each_member(QStringLiteral("/topology/nodes"), "datacenter", [&](const QString& name, const QString& pointer) {
    if (losses.vertices.contains(name)) pointers.append(pointer);
  });
  walk.each_member(QStringLiteral("/events"), "node", whole_element(losses.nodes));
  walk.each_member(QStringLiteral("/events"), "link", whole_element(losses.links));
  walk.each_member(QStringLiteral("/expect"), "metric", whole_element(losses.metrics));
  walk.each_key(QStringLiteral("/training/stragglers"), [&](const QString& name, const QString& pointer) {
    if (losses.nodes.contains(name)) pointers.append(pointer);
  });

  const auto matches_any = [](const QString& pattern, const QSet<QString>& names) {
    return std::any_of(names.begin(), names.end(), [&](const QString& name) {
      return scenario::matches(pattern.toStdString(), name.toStdString());
    });
  };
  QSet<QString> commands;  // that go, by name
  walk.each(QStringLiteral("/workload"), [&](const JsonNode& command, const QString& at) {
    const JsonNode* node = command.member(QStringLiteral("node"));
    bool goes = node != nullptr && losses.nodes.contains(json.typed(*node));
    QStringList gone;
    qsizetype all = 0;
    walk.each_string(child(at, QStringLiteral("nodes")), [&](const QString& pattern, const QString& pointer) {
      ++all;
      if (matches_any(pattern, losses.nodes) && !matches_any(pattern, losses.left)) gone.append(pointer);
    });
    goes = goes || (all > 0 && gone.size() == all);
    pointers += goes ? QStringList{at} : gone;
    const JsonNode* name = command.member(QStringLiteral("name"));
    if (goes && name != nullptr) commands.insert(json.typed(*name));
  });
  walk.each(QStringLiteral("/workload"), [&](const JsonNode&, const QString& at) {
    walk.each_string(child(at, QStringLiteral("after")), [&](const QString& name, const QString& pointer) {
      if (commands.contains(name)) pointers.append(pointer);
    });
  });
  return pointers;
}

}  // namespace geomx::gui
