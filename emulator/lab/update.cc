#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <set>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/lab/configuration.h"
#include "emulator/lab/lab.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/route.h"
#include "emulator/sandbox/node_processes.h"

// A running lab becomes another one. What is new is made first, while all of it can still be undone.
namespace geomx::lab {
namespace {

constexpr std::chrono::seconds kill_patience{10};

bool same_ends(const PlannedLink& a, const PlannedLink& b) {
  for (const int end : {0, 1}) {
    if (a.ends[end].node != b.ends[end].node || a.ends[end].interface != b.ends[end].interface) return false;
  }
  return true;
}

// The kernel may have removed it already, with the interface that it led over.
void execute_unless_gone(netlink::Socket& socket, const netlink::Message& message) {
  try {
    socket.execute(message);
  } catch (const SystemError& error) {
    if (error.error_number() != ESRCH && error.error_number() != ENOENT) throw;
  }
}

bool same(const PlannedRoute& a, const PlannedRoute& b) {
  return a.destination == b.destination && a.prefix == b.prefix && a.gateway == b.gateway;
}
bool same(const PlannedNeighbour& a, const PlannedNeighbour& b) {
  return a.interface == b.interface && a.address == b.address && a.mac == b.mac;
}

template <typename Item>
bool among(const std::vector<Item>& items, const Item& item) {
  return std::any_of(items.begin(), items.end(), [&](const Item& each) { return same(each, item); });
}

void remove_stale(netlink::Socket& socket, const PlannedNode& before, const PlannedNode& after) {
  for (const PlannedRoute& route : before.routes) {
    if (among(after.routes, route)) continue;
    execute_unless_gone(
        socket, netlink::delete_route({{route.destination.value, route.prefix}, route.gateway.value, 0}, after.name));
  }
  for (const PlannedNeighbour& neighbour : before.neighbours) {
    const std::size_t i = interface_number(after, neighbour.interface);
    if (i == after.interfaces.size() || among(after.neighbours, neighbour)) continue;
    const auto rewritten = [&](const PlannedNeighbour& each) {
      return each.interface == neighbour.interface && each.address == neighbour.address;
    };
    if (std::any_of(after.neighbours.begin(), after.neighbours.end(), rewritten)) continue;
    execute_unless_gone(socket, netlink::delete_neighbour({interface_index(after.interfaces[i]),
                                                           neighbour.address.value, netlink::parse_mac(neighbour.mac)},
                                                          after.name));
  }
}

}  // namespace

struct Lab::Update {
  Plan next;
  NodeIndex index;                                 // of next's nodes
  std::vector<unsigned> wires;                     // by next's links
  std::vector<std::optional<std::size_t>> before;  // by next's links: the same one's place in the plan so far
  std::vector<bool> rebuilt;                       // by next's links: the same, but by a new wire
  std::vector<bool> resized;                       // by next's links: the same, with another MTU
  std::map<std::string, NodeNamespaces> nodes;     // new ones
  std::vector<std::size_t> made;                   // next's links whose interfaces have been made
  std::map<std::string, PlannedNode> old_nodes;
};

void Lab::apply(Plan next) {
  Update update;
  std::map<std::string, std::size_t> links;
  for (std::size_t l = 0; l < plan_.links.size(); ++l) links[plan_.links[l].name] = l;
  for (std::size_t n = 0; n < next.nodes.size(); ++n) update.index[next.nodes[n].name] = n;
  for (const PlannedLink& link : next.links) {
    const auto it = links.find(link.name);
    const bool kept = it != links.end() && same_ends(plan_.links[it->second], link);
    const bool rebuilt =
        kept && link.shaper == shaper::Kind::wire &&
        (plan_.links[it->second].shaper != shaper::Kind::wire || outgrows_wire(plan_.links[it->second], link));
    update.before.push_back(kept ? std::optional(it->second) : std::nullopt);
    update.rebuilt.push_back(rebuilt);
    update.resized.push_back(kept && !rebuilt && plan_.links[it->second].mtu != link.mtu);
    update.wires.push_back(kept && !rebuilt ? wires_[it->second] : next_wire_++);
  }
  update.next = std::move(next);
  phase("apply: new nodes and links");
  try {
    make_new(update);
  } catch (const Error&) {
    undo_new(update);
    throw;
  }
  try {
    phase("apply: what goes");
    take_over(update);
    phase("apply: what changes");
    configure_changed(update);
    phase("apply: done");
  } catch (const Error& error) {
    throw WorkError(plan_.lab, "the lab is changed in part: " + error.line(), "take it down and up again");
  }
}

void Lab::make_new(Update& update) {
  Outside none;  // nobody gets a device now
  netlink::Socket socket;
  for (const PlannedNode& node : update.next.nodes) {
    if (index_.contains(node.name)) continue;
    const auto [made, fresh] = update.nodes.emplace(node.name, namespaces_for(update.next, node, none));
    netlink::Batch bridge;
    if (is_switch(node)) bridge.push_back(bridge_in(made->second.network, mtu_of(update.next, node)));
    socket.execute(bridge);
  }
  // Under their names already, for the links that end there.
  for (auto& [name, namespaces] : update.nodes) {
    index_[name] = namespaces_.size();
    namespaces_.push_back(std::move(namespaces));
    states_.push_back(NodeState::running);
  }
  for (std::size_t l = 0; l < update.next.links.size(); ++l) {
    if (update.before[l]) continue;
    update.made.push_back(l);
    socket.execute(pairs_of(update.next, update.index, l, update.wires[l]));
  }
}

void Lab::undo_new(const Update& update) {
  for (const std::size_t l : update.made) {
    const PlannedLink& link = update.next.links[l];
    const bool wire = link.shaper == shaper::Kind::wire;
    for (const int end : {0, 1}) {
      try {
        const sandbox::Namespace home = sandbox::Namespace::current_network();
        const sandbox::ScopedNetwork inside(wire ? home : namespaces(link.ends[end].node).network);
        netlink::Socket().execute(
            netlink::delete_link(wire ? wire_side(update.wires[l], end) : link.ends[end].interface));
      } catch (const Error&) {
        // It is the one that could not be made, or has gone with its other end.
      }
    }
  }
  for (const auto& [name, namespaces] : update.nodes) index_.erase(name);
  namespaces_.erase(namespaces_.begin() + static_cast<std::ptrdiff_t>(plan_.nodes.size()), namespaces_.end());
  states_.resize(plan_.nodes.size());
}

void Lab::take_over(Update& update) {
  std::set<std::size_t> kept;
  for (std::size_t l = 0; l < update.next.links.size(); ++l) {
    if (update.before[l] && !update.rebuilt[l]) kept.insert(*update.before[l]);
  }
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    if (!kept.contains(l)) drop_link(l);
  }
  for (const PlannedNode& node : plan_.nodes) {
    if (update.index.contains(node.name)) {
      update.old_nodes[node.name] = node;
    } else {
      sandbox::signal_processes(namespaces(node.name).network, SIGKILL, kill_patience);
    }
  }
  std::vector<NodeNamespaces> namespaces;
  std::vector<NodeState> states;
  for (const PlannedNode& node : update.next.nodes) {
    namespaces.push_back(std::move(namespaces_[index_.at(node.name)]));
    states.push_back(states_[index_.at(node.name)]);
  }
  std::vector<std::unique_ptr<shaper::Shaper>> shapers(update.next.links.size());
  std::vector<bool> cut(update.next.links.size());
  for (std::size_t l = 0; l < update.next.links.size(); ++l) {
    if (!update.before[l]) continue;
    cut[l] = cut_[*update.before[l]];
    shapers[l] = std::move(shapers_[*update.before[l]]);
  }
  const std::lock_guard lock(reading_);
  readers_.clear();
  namespaces_ = std::move(namespaces);
  states_ = std::move(states);
  shapers_ = std::move(shapers);
  cut_ = std::move(cut);
  wires_ = update.wires;
  plan_ = std::move(update.next);
  index_ = update.index;
}

void Lab::configure_changed(const Update& update) {
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    if (update.rebuilt[l]) netlink::Socket().execute(pairs_of(plan_, index_, l, wires_[l]));
    if (update.resized[l]) set_mtu(l);
  }
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    const PlannedNode& node = plan_.nodes[n];
    const auto before = update.old_nodes.find(node.name);
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    netlink::Socket socket;
    for (const netlink::Link& link : netlink::list_links(socket)) {
      const std::size_t i = interface_number(node, link.name);
      if (i == node.interfaces.size() || link.up) continue;
      if (states_[n] != NodeState::killed) {
        socket.execute(interface_of(node, i));
      } else if (interface_number(before->second, link.name) == before->second.interfaces.size()) {
        socket.execute(interface_of(node, i));  // its address, for the restart
        socket.execute(netlink::set_down(link.name));
      }
    }
    if (states_[n] == NodeState::killed) continue;
    if (before != update.old_nodes.end()) remove_stale(socket, before->second, node);
    socket.execute(routes_and_neighbours(node));
  }
  for (const NodeNamespaces& node : namespaces_) {
    const sandbox::ScopedNetwork inside(node.network);
    netlink::Socket socket;
    netlink::settle_links(socket);
  }
  netlink::Socket own;
  netlink::settle_links(own);
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    {
      const std::lock_guard lock(reading_);
      if (!shapers_[l]) make_shaper(l);
    }
    refresh(l);
  }
}

}  // namespace geomx::lab
