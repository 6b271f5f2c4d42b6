#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "emulator/lab/plan.h"
#include "emulator/lab/uplink.h"
#include "emulator/shaper/describe.h"

namespace geomx::lab {
namespace {

using Row = std::vector<std::string>;

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> width;
  for (const Row& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) line += fmt::format("{:<{}}  ", row[c], width[c]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

namespace {

std::string rate_of(const shaper::Direction& direction) {
  if (direction.trace) return geomx::to_string(*direction.trace);
  return direction.rate ? geomx::to_string(*direction.rate, true) : "-";
}

std::string loss_of(const shaper::Direction& direction) {
  if (direction.gilbert_elliott) return shaper::describe(*direction.gilbert_elliott);
  return direction.loss > 0 ? geomx::to_string(Probability{direction.loss}) : "-";
}

// What few links have: too seldom for columns of their own.
std::string others_of(const shaper::Direction& direction, int mtu) {
  std::string text;
  const auto add = [&text](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (direction.codel && direction.limited()) add("codel " + shaper::describe(*direction.codel));
  if (direction.duplicate > 0) add("duplicate " + geomx::to_string(Probability{direction.duplicate}));
  if (direction.reorder > 0) add("reorder " + geomx::to_string(Probability{direction.reorder}));
  if (direction.corrupt > 0) add("corrupt " + geomx::to_string(Probability{direction.corrupt}));
  if (mtu != scenario::kDefaultMtu) add(fmt::format("mtu {}", mtu));
  return text.empty() ? "-" : text;
}

}  // namespace

std::string to_string(scenario::Routing routing) {
  switch (routing) {
    case scenario::Routing::static_:
      return "static";
    case scenario::Routing::ospf:
      return "ospf";
    case scenario::Routing::bgp:
      return "bgp";
  }
  return "";
}

std::string to_string(scenario::NodeKind kind) {
  switch (kind) {
    case scenario::NodeKind::host:
      return "host";
    case scenario::NodeKind::router:
      return "router";
    case scenario::NodeKind::switch_:
      return "switch";
  }
  return "";
}

std::string to_string(shaper::Kind kind) {
  switch (kind) {
    case shaper::Kind::none:
      return "none";
    case shaper::Kind::tc:
      return "tc";
    case shaper::Kind::wire:
      return "wire";
  }
  return "";
}

std::string to_string(LinkScope scope) {
  return scope == LinkScope::wan ? "wan" : "lan";
}

std::string describe(const Plan& plan) {
  std::vector<Row> nodes{{"NODE", "KIND", "INTERFACES"}};
  for (const PlannedNode& node : plan.nodes) {
    std::string interfaces;
    for (const PlannedInterface& interface : node.interfaces) {
      if (interface.prefix == 0) continue;
      interfaces += fmt::format("{}{} {}/{}", interfaces.empty() ? "" : ", ", interface.name,
                                to_string(interface.address), interface.prefix);
    }
    if (node.uplink) {
      interfaces += fmt::format("{}{} {}", interfaces.empty() ? "" : ", ", uplink_interface,
                                node.uplink->address.value != 0
                                    ? fmt::format("{}/{}", to_string(node.uplink->address), uplink_prefix)
                                    : "out of 198.18.0.0/15");
    }
    if (is_switch(node)) interfaces = fmt::format("{} ports", node.interfaces.size());
    if (node.device) {
      const PlannedDevice& device = *node.device;
      interfaces += fmt::format(
          "{}{}{} = this machine's {}", interfaces.empty() ? "" : ", ", device.interface,
          device.prefix != 0 ? fmt::format(" {}/{}", to_string(device.address), device.prefix) : std::string(),
          device.name);
    }
    nodes.push_back({node.name, to_string(node.kind), interfaces});
  }

  std::vector<Row> links{{"LINK", "DIRECTION", "RATE", "DELAY", "JITTER", "LOSS", "QUEUE", "ALSO", "SHAPER"}};
  for (const PlannedLink& link : plan.links) {
    const bool shaped = link.forward.shaped() || link.backward.shaped() || link.mtu != scenario::kDefaultMtu;
    if (link.scope == LinkScope::lan && !shaped) continue;  // a table of what differs from a plain cable
    for (int from = 0; from < 2; ++from) {
      const shaper::Direction& direction = from == 0 ? link.forward : link.backward;
      links.push_back({link.name, fmt::format("{} -> {}", link.label[from], link.label[1 - from]), rate_of(direction),
                       direction.delay.count() ? geomx::to_string(direction.delay, true) : "-",
                       direction.jitter.count() ? shaper::describe_jitter(direction) : "-", loss_of(direction),
                       direction.limited() ? shaper::describe(direction.queue) : "-", others_of(direction, link.mtu),
                       to_string(link.shaper)});
    }
  }
  std::vector<Row> machines{{"NODE", "IMAGE", "CPU", "MEMORY", "ENV", "FILES", "START"}};
  for (const PlannedNode& node : plan.nodes) {
    const scenario::Machine& machine = node.machine;
    if (machine == scenario::Machine{}) continue;
    const auto count = [](std::size_t size) { return size > 0 ? std::to_string(size) : std::string("-"); };
    machines.push_back({node.name, machine.image.value_or("-"), machine.cpu ? fmt::format("{}", *machine.cpu) : "-",
                        machine.memory ? geomx::to_string(*machine.memory, true) : "-", count(machine.env.size()),
                        count(machine.files.size()),
                        machine.start.empty() ? "-" : fmt::format("{}", fmt::join(machine.start, " "))});
  }
  const auto unshaped = plan.links.size() - (links.size() - 1) / 2;
  std::string text =
      fmt::format("lab {}: {} nodes, {} links\n\n{}", plan.lab, plan.nodes.size(), plan.links.size(), table(nodes));
  if (plan.routing != scenario::Routing::static_) {
    text += fmt::format("\nrouters learn their routes by {} (FRRouting)\n", to_string(plan.routing));
  }
  if (machines.size() > 1) text += "\n" + table(machines);
  if (links.size() > 1) text += "\n" + table(links);
  if (unshaped > 0) text += fmt::format("\n{} unshaped LAN links (plain veth)\n", unshaped);
  if (!plan.timeline.empty()) {
    std::vector<Row> events{{"AT", "EVENT"}};
    for (const TimedAction& action : plan.timeline) {
      events.push_back({geomx::to_string(action.at, true), describe(action)});
    }
    text += "\n" + table(events);
  }
  return text;
}

}  // namespace geomx::lab
