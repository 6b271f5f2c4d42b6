#include "emulator/interchange/diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "emulator/base/units.h"
#include "emulator/scenario/roles.h"

namespace geomx::interchange {
namespace {

enum class Shape { datacenter, host, router, switch_ };

struct Box {
  std::string name;
  std::vector<std::string> lines;
  Shape shape;
};

struct Line {
  std::size_t ends[2];
  std::vector<std::string> label;
  bool lan = false;  // a node's place on a data center's LAN
};

struct Diagram {
  std::vector<Box> boxes;
  std::vector<Line> lines;
};

std::string text_of(const scenario::LinkProperties& asked) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " ") + part; };
  if (asked.rate) add(to_string(*asked.rate));
  if (asked.delay) add(to_string(*asked.delay));
  if (asked.jitter) add("jitter " + to_string(*asked.jitter));
  if (asked.loss) add("loss " + to_string(*asked.loss));
  return text;
}

std::vector<std::string> label_of(const scenario::Link& link) {
  const std::string forward = text_of(link.forward);
  const std::string backward = text_of(link.backward);
  if (forward == backward) return forward.empty() ? std::vector<std::string>{} : std::vector<std::string>{forward};
  const auto said = [](const std::string& text) { return text.empty() ? "unshaped" : text; };
  return {fmt::format("to {}: {}", link.ends[1], said(forward)),
          fmt::format("to {}: {}", link.ends[0], said(backward))};
}

Shape shape_of(scenario::NodeKind kind) {
  switch (kind) {
    case scenario::NodeKind::host:
      return Shape::host;
    case scenario::NodeKind::router:
      return Shape::router;
    case scenario::NodeKind::switch_:
      break;
  }
  return Shape::switch_;
}

Diagram diagram_of(const scenario::Scenario& scenario) {
  Diagram diagram;
  std::unordered_map<std::string, std::size_t> index;
  const auto add = [&](Box box) {
    index.emplace(box.name, diagram.boxes.size());
    diagram.boxes.push_back(std::move(box));
  };
  const std::vector<scenario::Role> roles = scenario::roles_of(scenario);
  for (const scenario::Datacenter& datacenter : scenario.topology.datacenters) {
    Box box{datacenter.name, {datacenter.name}, Shape::datacenter};
    if (datacenter.hosts > 0) {
      box.lines.push_back(fmt::format("{} host{}", datacenter.hosts, datacenter.hosts == 1 ? "" : "s"));
    }
    if (datacenter.device) box.lines.push_back("device " + datacenter.device->name);
    for (const scenario::Role& role : roles) {
      if (role.datacenter == datacenter.name) box.lines.push_back(role.name);
    }
    add(std::move(box));
  }
  for (const scenario::Node& node : scenario.topology.nodes) {
    Box box{node.name, {node.name}, shape_of(node.kind)};
    if (node.device) box.lines.push_back("device " + node.device->name);
    add(std::move(box));
  }
  for (const scenario::Node& node : scenario.topology.nodes) {
    if (node.datacenter) diagram.lines.push_back({{index.at(*node.datacenter), index.at(node.name)}, {}, true});
  }
  for (const scenario::Link& link : scenario.topology.links) {
    diagram.lines.push_back({{index.at(link.ends[0]), index.at(link.ends[1])}, label_of(link)});
  }
  return diagram;
}

std::string joined(const std::vector<std::string>& lines, const char* by) {
  return fmt::format("{}", fmt::join(lines, by));
}

}  // namespace

// Names hold nothing that would have to be escaped (scenario/names, table_device), and quantities neither.
std::string to_mermaid(const scenario::Scenario& scenario) {
  const Diagram diagram = diagram_of(scenario);
  std::string text = "graph LR\n";
  for (std::size_t b = 0; b < diagram.boxes.size(); ++b) {
    const Box& box = diagram.boxes[b];
    const char* const brackets[][2] = {{"[[", "]]"}, {"[", "]"}, {"(", ")"}, {"{{", "}}"}};  // in the order of Shape
    const auto& [open, close] = brackets[static_cast<int>(box.shape)];
    text += fmt::format("  n{}{}\"{}\"{}\n", b, open, joined(box.lines, "<br/>"), close);
  }
  for (const Line& line : diagram.lines) {
    const std::string arrow = line.lan             ? "-.-"
                              : line.label.empty() ? "---"
                                                   : fmt::format("-- \"{}\" ---", joined(line.label, "<br/>"));
    text += fmt::format("  n{} {} n{}\n", line.ends[0], arrow, line.ends[1]);
  }
  return text;
}

std::string to_dot(const scenario::Scenario& scenario) {
  const Diagram diagram = diagram_of(scenario);
  std::string text =
      fmt::format("graph \"{}\" {{\n  overlap=false;\n  node [fontname=\"sans-serif\"];\n", scenario.name);
  for (const Box& box : diagram.boxes) {
    const char* const shapes[] = {"box3d", "box", "ellipse", "hexagon"};  // in the order of Shape
    text += fmt::format("  \"{}\" [shape={}, label=\"{}\"];\n", box.name, shapes[static_cast<int>(box.shape)],
                        joined(box.lines, "\\n"));
  }
  for (const Line& line : diagram.lines) {
    std::string attributes = line.lan ? " [style=dotted]" : "";
    if (!line.label.empty()) attributes = fmt::format(" [label=\"{}\"]", joined(line.label, "\\n"));
    text += fmt::format("  \"{}\" -- \"{}\"{};\n", diagram.boxes[line.ends[0]].name, diagram.boxes[line.ends[1]].name,
                        attributes);
  }
  return text + "}\n";
}

}  // namespace geomx::interchange
