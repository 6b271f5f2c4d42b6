#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/lab/graph.h"
#include "emulator/netlink/address.h"

namespace geomx::lab {
namespace {

constexpr std::uint32_t lan_base = 10u << 24;
constexpr std::uint32_t wan_base = (172u << 24) | (16u << 16);
constexpr std::uint32_t wan_subnets = 1u << 18;  // /30s in 172.16.0.0/12
constexpr std::uint32_t meshed_members = 128;    // of a LAN on which all know all: 128 * 127 entries take about 50 ms

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

Ipv4 base_of(const PlannedInterface& interface) {
  return {interface.address.value & ~((1u << (32 - interface.prefix)) - 1)};
}

// What the running lab has used.
struct Used {
  std::set<std::uint32_t> subnets;
  std::set<std::uint32_t> addresses;
  std::set<std::string> macs;
  int lan_prefix = 0;  // of its LANs; 0: it has none
};

Used used_by(const Plan* running) {
  Used used;
  if (running == nullptr) return used;
  for (const PlannedNode& node : running->nodes) {
    for (const PlannedInterface& interface : node.interfaces) {
      used.macs.insert(interface.mac);
      if (interface.prefix == 0) continue;
      used.subnets.insert(base_of(interface).value);
      used.addresses.insert(interface.address.value);
      if (interface.address.value >> 24 == lan_base >> 24) used.lan_prefix = interface.prefix;
    }
  }
  return used;
}

// The subnet that a segment's members have already; none where it is new.
std::optional<Ipv4> kept_subnet(const Plan& plan, const std::vector<std::pair<int, int>>& members) {
  std::optional<Ipv4> kept;
  for (const auto& [node, interface] : members) {
    const PlannedInterface& planned = plan.nodes[node].interfaces[interface];
    if (planned.prefix == 0) continue;
    if (kept && *kept != base_of(planned)) {
      throw InputError(plan.nodes[node].name, "would be on one network with nodes that have addresses of another",
                       "take the lab down and up again");
    }
    kept = base_of(planned);
  }
  return kept;
}

// Hands out subnets of `size` addresses from `base` on, but for those in use.
class Subnets {
 public:
  Subnets(std::uint32_t base, std::uint32_t size, const std::set<std::uint32_t>& used)
      : next_(base), size_(size), used_(used) {}
  std::uint32_t take() {
    while (used_.contains(next_)) next_ += size_;
    return std::exchange(next_, next_ + size_);
  }

 private:
  std::uint32_t next_;
  std::uint32_t size_;
  const std::set<std::uint32_t>& used_;
};

void give_switch_ports_macs(Plan& plan, const Used& used) {
  std::uint32_t port = 0;
  for (PlannedNode& node : plan.nodes) {
    if (!is_switch(node)) continue;
    for (PlannedInterface& interface : node.interfaces) {
      if (!interface.mac.empty()) continue;
      do {
        interface.mac =
            fmt::format("02:01:{:02x}:{:02x}:{:02x}:{:02x}", port >> 24, port >> 16 & 255, port >> 8 & 255, port & 255);
        ++port;
      } while (used.macs.contains(interface.mac));
    }
  }
}

}  // namespace

std::string to_string(Ipv4 address) {
  return netlink::ipv4_to_string(address.value);
}

void assign_addresses(Plan& plan, const Graph& graph, const Plan* running) {
  std::vector<bool> shared(graph.segments);
  for (std::size_t l = 0; l < graph.edges.size(); ++l) {
    for (const int node : graph.edges[l].node) {
      if (is_switch(plan.nodes[node])) shared[graph.segment[l]] = true;
    }
  }
  const Used used = used_by(running);
  const auto lans = static_cast<std::uint32_t>(std::count(shared.begin(), shared.end(), true));
  const int prefix = used.lan_prefix != 0 ? used.lan_prefix : lans <= 255 ? 16 : 21;
  const std::uint32_t size = 1u << (32 - prefix);
  if (lans >= 1u << (prefix - 8)) {
    throw InputError("/topology", fmt::format("{} LANs are more than the {} that fit into 10.0.0.0/8", lans,
                                              (1u << (prefix - 8)) - 1));
  }

  const auto members = members_of(plan, graph);
  std::set<std::uint32_t> kept_before;
  Subnets lan_subnets(lan_base + size, size, used.subnets);
  Subnets wan_subnets_free(wan_base, 4, used.subnets);
  for (int segment = 0; segment < graph.segments; ++segment) {
    if (shared[segment] && members[segment].size() > size - 2) {
      throw InputError("/topology", fmt::format("{} members on one LAN are more than its {} addresses",
                                                members[segment].size(), size - 2));
    }
    const std::optional<Ipv4> kept = kept_subnet(plan, members[segment]);
    if (kept && !kept_before.insert(kept->value).second) {
      throw InputError("/topology", fmt::format("the network {} would become two", to_string(*kept)),
                       "take the lab down and up again");
    }
    const std::uint32_t base = kept ? kept->value : shared[segment] ? lan_subnets.take() : wan_subnets_free.take();
    if (base >= wan_base + wan_subnets * 4) {
      throw InputError("/topology/links", "more links than the 262144 subnets of 172.16.0.0/12");
    }
    std::uint32_t address = base;
    for (const auto& [node, interface] : members[segment]) {
      PlannedInterface& planned = plan.nodes[node].interfaces[interface];
      if (planned.prefix != 0) continue;
      do {
        ++address;
      } while (used.addresses.contains(address));
      if (address >= base + (shared[segment] ? size : 4) - 1) {
        throw InputError(plan.nodes[node].name, fmt::format("no address is left in {}", to_string(Ipv4{base})));
      }
      planned.address.value = address;
      planned.prefix = shared[segment] ? prefix : 30;
      planned.mac = fmt::format("02:00:{:02x}:{:02x}:{:02x}:{:02x}", address >> 24, address >> 16 & 255,
                                address >> 8 & 255, address & 255);
    }
  }
  give_switch_ports_macs(plan, used);
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
