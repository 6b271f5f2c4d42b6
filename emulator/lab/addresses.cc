#include <fmt/format.h>

#include <algorithm>

#include "emulator/base/error.h"
#include "emulator/lab/graph.h"
#include "emulator/netlink/address.h"

namespace geomx::lab {
namespace {

constexpr std::uint32_t lan_base = 10u << 24;
constexpr std::uint32_t wan_base = (172u << 24) | (16u << 16);
constexpr std::uint32_t wan_subnets = 1u << 18;  // /30s in 172.16.0.0/12
constexpr std::uint32_t meshed_members = 128;    // of a LAN on which all know all: 128 * 127 entries take about 50 ms

bool is_switch(const PlannedNode& node) {
  return node.kind == scenario::NodeKind::switch_;
}

// The interfaces that carry an address, by segment, in the order of links.
std::vector<std::vector<std::pair<int, int>>> members_of(const Plan& plan, const Graph& graph) {
  std::vector<std::vector<std::pair<int, int>>> members(graph.segments);
  for (std::size_t l = 0; l < graph.edges.size(); ++l) {
    for (int end = 0; end < 2; ++end) {
      const int node = graph.edges[l].node[end];
      if (!is_switch(plan.nodes[node])) members[graph.segment[l]].emplace_back(node, graph.edges[l].interface[end]);
    }
  }
  return members;
}

}  // namespace

std::string to_string(Ipv4 address) {
  return netlink::ipv4_to_string(address.value);
}

void assign_addresses(Plan& plan, const Graph& graph) {
  std::vector<bool> shared(graph.segments);
  for (std::size_t l = 0; l < graph.edges.size(); ++l) {
    for (const int node : graph.edges[l].node) {
      if (is_switch(plan.nodes[node])) shared[graph.segment[l]] = true;
    }
  }
  const auto lans = static_cast<std::uint32_t>(std::count(shared.begin(), shared.end(), true));
  const int prefix = lans <= 255 ? 16 : 21;
  const std::uint32_t size = 1u << (32 - prefix);
  if (lans >= 1u << (prefix - 8)) {
    throw InputError("/topology", fmt::format("{} LANs are more than the 8191 that fit into 10.0.0.0/8", lans));
  }

  const auto members = members_of(plan, graph);
  std::uint32_t lan = 0;
  std::uint32_t wan = 0;
  for (int segment = 0; segment < graph.segments; ++segment) {
    if (!shared[segment] && wan == wan_subnets) {
      throw InputError("/topology/links", "more links than the 262144 subnets of 172.16.0.0/12");
    }
    if (shared[segment] && members[segment].size() > size - 2) {
      throw InputError("/topology", fmt::format("{} members on one LAN are more than its {} addresses",
                                                members[segment].size(), size - 2));
    }
    std::uint32_t address = shared[segment] ? lan_base + ++lan * size : wan_base + wan++ * 4;
    for (const auto& [node, interface] : members[segment]) {
      PlannedInterface& planned = plan.nodes[node].interfaces[interface];
      planned.address.value = ++address;
      planned.prefix = shared[segment] ? prefix : 30;
      planned.mac = fmt::format("02:00:{:02x}:{:02x}:{:02x}:{:02x}", address >> 24, address >> 16 & 255,
                                address >> 8 & 255, address & 255);
    }
  }

  std::uint32_t port = 0;
  for (PlannedNode& node : plan.nodes) {
    if (!is_switch(node)) continue;
    for (PlannedInterface& interface : node.interfaces) {
      interface.mac =
          fmt::format("02:01:{:02x}:{:02x}:{:02x}:{:02x}", port >> 24, port >> 16 & 255, port >> 8 & 255, port & 255);
      ++port;
    }
  }
}

void assign_neighbours(Plan& plan, const Graph& graph) {
  const auto members = members_of(plan, graph);
  for (const auto& segment : members) {
    const bool mesh = segment.size() <= meshed_members;
    for (const auto& [node, interface] : segment) {
      PlannedNode& self = plan.nodes[node];
      for (const auto& [other_node, other_interface] : segment) {
        const PlannedNode& other = plan.nodes[other_node];
        const bool routed = self.kind == scenario::NodeKind::router || other.kind == scenario::NodeKind::router;
        if (other_node == node || !(mesh || routed)) continue;
        const PlannedInterface& theirs = other.interfaces[other_interface];
        self.neighbours.push_back({self.interfaces[interface].name, theirs.address, theirs.mac});
      }
    }
  }
}

}  // namespace geomx::lab
