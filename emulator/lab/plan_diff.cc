#include "emulator/lab/plan_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "emulator/shaper/describe.h"

namespace geomx::lab {
namespace {

template <typename Item>
std::map<std::string, const Item*> by_name(const std::vector<Item>& items) {
  std::map<std::string, const Item*> names;
  for (const Item& item : items) names[item.name] = &item;
  return names;
}

bool same_ends(const PlannedLink& a, const PlannedLink& b) {
  return a.ends[0].node == b.ends[0].node && a.ends[1].node == b.ends[1].node;
}

std::string added(const PlannedNode& node) {
  std::string text = fmt::format("+ node {} ({})", node.name, to_string(node.kind));
  for (const PlannedInterface& interface : node.interfaces) {
    if (interface.prefix == 0) continue;
    text += fmt::format("{} {} {}/{}", &interface == node.interfaces.data() ? ":" : ",", interface.name,
                        to_string(interface.address), interface.prefix);
  }
  return text;
}

std::string added(const PlannedLink& link) {
  return fmt::format("+ link {}: {}:{} -- {}:{}, {}", link.name, link.ends[0].node, link.ends[0].interface,
                     link.ends[1].node, link.ends[1].interface,
                     link.forward == link.backward
                         ? shaper::describe(link.forward)
                         : shaper::describe(link.forward) + " / " + shaper::describe(link.backward));
}

void compare(const PlannedLink& before, const PlannedLink& after, std::vector<std::string>& lines) {
  for (const bool forward : {true, false}) {
    const shaper::Direction& from = forward ? before.forward : before.backward;
    const shaper::Direction& to = forward ? after.forward : after.backward;
    if (from == to) continue;
    lines.push_back(fmt::format("~ link {} {}->{}: {} -> {}", after.name, after.label[forward ? 0 : 1],
                                after.label[forward ? 1 : 0], shaper::describe(from), shaper::describe(to)));
  }
  if (before.mtu != after.mtu) {
    lines.push_back(fmt::format("~ link {}: MTU {} -> {}", after.name, before.mtu, after.mtu));
  }
  if (outgrows_wire(before, after)) {
    lines.push_back(fmt::format("~ link {}: rebuilt for larger frames; what is on it is lost", after.name));
  } else if (before.shaper != after.shaper && after.shaper == shaper::Kind::wire) {
    lines.push_back(fmt::format("~ link {}: rebuilt with the wire in place of {}; what is on it is lost", after.name,
                                before.shaper == shaper::Kind::none ? "a plain cable" : to_string(before.shaper)));
  }
}

bool same_routes(const PlannedNode& a, const PlannedNode& b) {
  return std::equal(a.routes.begin(), a.routes.end(), b.routes.begin(), b.routes.end(),
                    [](const PlannedRoute& x, const PlannedRoute& y) {
                      return x.destination == y.destination && x.prefix == y.prefix && x.gateway == y.gateway;
                    });
}

}  // namespace

std::vector<std::string> differences(const Plan& before, const Plan& after) {
  std::vector<std::string> lines;
  const auto old_nodes = by_name(before.nodes);
  const auto new_nodes = by_name(after.nodes);
  const auto old_links = by_name(before.links);
  const auto new_links = by_name(after.links);
  for (const PlannedLink& link : before.links) {
    const auto it = new_links.find(link.name);
    if (it == new_links.end() || !same_ends(link, *it->second)) lines.push_back("- link " + link.name);
  }
  for (const PlannedNode& node : before.nodes) {
    if (!new_nodes.contains(node.name)) lines.push_back("- node " + node.name + ", and what runs in it");
  }
  std::size_t rerouted = 0;
  for (const PlannedNode& node : after.nodes) {
    const auto it = old_nodes.find(node.name);
    if (it == old_nodes.end()) {
      lines.push_back(added(node));
    } else if (!same_routes(*it->second, node)) {
      ++rerouted;
    }
  }
  for (const PlannedLink& link : after.links) {
    const auto it = old_links.find(link.name);
    if (it == old_links.end() || !same_ends(*it->second, link)) {
      lines.push_back(added(link));
    } else {
      compare(*it->second, link, lines);
    }
  }
  if (rerouted > 0) lines.push_back(fmt::format("~ routes of {} node{}", rerouted, rerouted == 1 ? "" : "s"));
  return lines;
}

}  // namespace geomx::lab
