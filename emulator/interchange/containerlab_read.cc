#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/interchange/importer.h"

namespace geomx::interchange {
namespace {

// One end of a link: "r1:eth1", or {node: r1, interface: eth1}.
struct Endpoint {
  std::string node;
  std::string interface;
};

std::string text_of(const YAML::Node& node) {
  return node.IsScalar() ? node.Scalar() : std::string();
}

// Throws nothing and never adds the key, unlike operator[] on a node that may be changed.
YAML::Node child(const YAML::Node& map, const char* key) {
  if (!map.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  for (const auto& entry : map) {
    if (entry.first.IsScalar() && entry.first.Scalar() == key) return entry.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

bool is_special(const std::string& node) {
  return node == "host" || node == "mgmt-net" || node == "macvlan" || node == "dummy";
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : path_(path) {
    try {
      root_ = YAML::Load(std::string(text));
    } catch (const YAML::Exception& error) {
      throw InputError(where(error.mark), error.msg, "containerlab's files are YAML");
    }
    topology_ = child(root_, "topology");
    if (!topology_.IsMap() || !child(topology_, "nodes").IsMap()) {
      throw InputError(path, "is not a topology of containerlab: it has no topology.nodes");
    }
  }

  Import read() && {
    const YAML::Node name = child(root_, "name");
    importer_.set_name(where(name.IsDefined() ? name.Mark() : root_.Mark()),
                       name.IsDefined() && name.IsScalar() ? name.Scalar() : "containerlab");
    count_links();
    read_nodes();
    read_links();
    note_others(root_, "", {"name", "topology"});
    note_others(topology_, "topology.", {"nodes", "links", "kinds", "groups", "defaults"});
    note_kinds();
    return std::move(importer_).finish(path_);
  }

 private:
  std::string where(const YAML::Mark& mark) const {
    return mark.is_null() ? path_ : fmt::format("{}:{}:{}", path_, mark.line + 1, mark.column + 1);
  }
  [[noreturn]] void fail(const YAML::Node& at, const std::string& what, const std::string& hint = {}) const {
    throw InputError(where(at.Mark()), what, hint);
  }

  // A line for each key that is not `understood`.
  void note_others(const YAML::Node& map, const std::string& prefix, const std::vector<std::string>& understood) {
    if (!map.IsMap()) return;
    for (const auto& entry : map) {
      const std::string key = text_of(entry.first);
      if (std::find(understood.begin(), understood.end(), key) != understood.end()) continue;
      importer_.note(where(entry.first.Mark()), fmt::format("{}{} is not converted", prefix, key));
    }
  }

  // What kinds, groups and defaults say of nodes, but for the kind itself.
  void note_kinds() {
    note_others(child(topology_, "defaults"), "topology.defaults.", {"kind"});
    for (const char* list : {"kinds", "groups"}) {
      const YAML::Node map = child(topology_, list);
      if (!map.IsMap()) continue;
      for (const auto& entry : map) {
        note_others(entry.second, fmt::format("topology.{}.{}.", list, text_of(entry.first)), {"kind"});
      }
    }
  }

  std::string kind_of(const YAML::Node& node) const {
    if (const YAML::Node kind = child(node, "kind"); kind.IsDefined()) return text_of(kind);
    const std::string group = node.IsMap() ? text_of(child(node, "group")) : "";
    if (!group.empty()) {
      const YAML::Node kind = child(child(child(topology_, "groups"), group.c_str()), "kind");
      if (kind.IsDefined()) return text_of(kind);
    }
    return text_of(child(child(topology_, "defaults"), "kind"));
  }

  void read_nodes() {
    for (const auto& entry : child(topology_, "nodes")) {
      if (!entry.first.IsScalar()) fail(entry.first, "a node's name is text");
      const std::string name = entry.first.Scalar();
      const std::string kind = kind_of(entry.second);
      const std::string at = where(entry.first.Mark());
      if (kind == "host") {
        importer_.note(at, fmt::format("node {} is not converted: a lab has no part in this machine's network", name));
        left_out_.push_back(name);
        continue;
      }
      if (!importer_.add_node(at, name, node_kind(at, name, kind))) {
        fail(entry.first, fmt::format("there are two nodes \"{}\"", name));
      }
      note_others(entry.second, fmt::format("node {}: ", name), {"kind", "group"});
    }
  }

  scenario::NodeKind node_kind(const std::string& at, const std::string& name, const std::string& kind) {
    if (kind == "bridge" || kind == "ovs-bridge") return scenario::NodeKind::switch_;
    if (kind == "linux" || kind.empty()) {
      if (kind.empty()) importer_.note(at, fmt::format("node {} has no kind: taken for linux", name));
      if (ends_[name] < 2) return scenario::NodeKind::host;
      importer_.note(at, fmt::format("node {} has several links: a router", name));
      return scenario::NodeKind::router;
    }
    importer_.note(at, fmt::format("node {} of kind {} becomes a router with static routes", name, kind));
    return scenario::NodeKind::router;
  }

  std::optional<Endpoint> endpoint(const YAML::Node& node) const {
    if (node.IsScalar()) {
      const std::string& text = node.Scalar();
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos || colon == 0) return std::nullopt;
      return Endpoint{text.substr(0, colon), text.substr(colon + 1)};
    }
    const YAML::Node name = child(node, "node");
    if (!name.IsScalar()) return std::nullopt;
    return Endpoint{name.Scalar(), text_of(child(node, "interface"))};
  }

  // How many links end at each node, by name: wrong ones are found later.
  void count_links() {
    const YAML::Node links = child(topology_, "links");
    if (!links.IsSequence()) return;
    for (const auto& link : links) {
      const YAML::Node ends = child(link, "endpoints");
      if (!ends.IsSequence()) continue;
      for (const auto& end : ends) {
        if (const auto found = endpoint(end)) ++ends_[found->node];
      }
    }
  }

  void read_links() {
    const YAML::Node links = child(topology_, "links");
    if (!links.IsDefined() || links.IsNull()) return;
    if (!links.IsSequence()) fail(links, "topology.links is not a list");
    for (const auto& link : links) read_link(link);
  }

  void read_link(const YAML::Node& link) {
    const std::string at = where(link.Mark());
    const std::string type = text_of(child(link, "type"));
    if (!type.empty() && type != "veth") {
      importer_.note(at, fmt::format("a link of type {} is not converted", type));
      return;
    }
    const YAML::Node list = child(link, "endpoints");
    if (!list.IsSequence() || list.size() != 2) fail(link, "a link has two endpoints", "[\"a:eth1\", \"b:eth1\"]");
    Endpoint ends[2];
    for (std::size_t end = 0; end < 2; ++end) {
      const auto found = endpoint(list[end]);
      if (!found) fail(list[end], "an endpoint is \"NODE:INTERFACE\"");
      ends[end] = *found;
    }
    for (const Endpoint& end : ends) {
      const bool left_out = std::find(left_out_.begin(), left_out_.end(), end.node) != left_out_.end();
      if (importer_.node(end.node)) continue;
      if (!left_out && !is_special(end.node)) fail(link, fmt::format("no node is called \"{}\"", end.node));
      importer_.note(at, fmt::format("the link to {}:{} is not converted", end.node, end.interface));
      return;
    }
    if (ends[0].node == ends[1].node) fail(link, fmt::format("joins \"{}\" to itself", ends[0].node));
    note_others(link, "link: ", {"type", "endpoints"});
    for (const auto& end : list) note_others(end, "endpoint: ", {"node", "interface"});
    importer_.add_link(ends[0].node, ends[1].node);
  }

  std::string path_;
  YAML::Node root_;
  YAML::Node topology_;
  std::map<std::string, int> ends_;    // links by node
  std::vector<std::string> left_out_;  // nodes
  Importer importer_;
};

}  // namespace

Import read_containerlab(std::string_view text, const std::string& path) {
  try {
    return Reader(text, path).read();
  } catch (const YAML::Exception& error) {
    throw InputError(path, error.what(), "containerlab's files are YAML");
  }
}

}  // namespace geomx::interchange
