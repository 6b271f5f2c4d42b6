#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/lab/lab.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/route.h"
#include "emulator/netlink/socket.h"

// The steps that turn a plan into a lab, in their order.
namespace geomx::lab {
namespace {

bool is_switch(const PlannedNode& node) {
  return node.kind == scenario::NodeKind::switch_;
}

// What one node's own namespace is to be told once its interfaces are there.
netlink::Batch configuration(const PlannedNode& node) {
  netlink::Batch batch;
  for (std::size_t i = 0; i < node.interfaces.size(); ++i) {
    const PlannedInterface& interface = node.interfaces[i];
    const std::string object = node.name + ":" + interface.name;
    netlink::LinkChange change;
    change.up = true;
    if (is_switch(node)) change.master = bridge_index;
    batch.push_back(netlink::change_link(interface_index(i), change, object));
    if (is_switch(node)) continue;
    batch.push_back(netlink::add_address(interface_index(i), {interface.address.value, interface.prefix}, object));
  }
  for (const PlannedRoute& route : node.routes) {
    batch.push_back(netlink::add_route({{route.destination.value, route.prefix}, route.gateway.value, 0},
                                       fmt::format("{}: {}/{} via {}", node.name, to_string(route.destination),
                                                   route.prefix, to_string(route.gateway))));
  }
  for (const PlannedNeighbour& neighbour : node.neighbours) {
    const std::size_t i = interface_number(node, neighbour.interface);
    batch.push_back(netlink::add_neighbour(
        {interface_index(i), neighbour.address.value, netlink::parse_mac(neighbour.mac)}, node.name));
  }
  return batch;
}

// Of a switch: that of any of its links, which all have the same.
int mtu_of(const Plan& plan, const PlannedNode& node) {
  return node.interfaces.empty() ? scenario::kDefaultMtu : plan.link(node.interfaces.front().link).mtu;
}

// The wire side of a link's end, in the lab's own namespace.
std::string wire_side(std::size_t link, int end) {
  return fmt::format("w{}{}", link, end == 0 ? 'a' : 'b');
}

}  // namespace

std::size_t interface_number(const PlannedNode& node, const std::string& name) {
  const auto it = std::find_if(node.interfaces.begin(), node.interfaces.end(),
                               [&](const PlannedInterface& interface) { return interface.name == name; });
  return static_cast<std::size_t>(it - node.interfaces.begin());
}

Lab::Lab(Plan plan, const Progress& progress) : plan_(std::move(plan)) {
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) index_[plan_.nodes[n].name] = n;
  const auto step = [&](int number, const std::string& what) {
    if (progress) progress(number, 4, what);
  };
  step(1, fmt::format("{} namespaces", plan_.nodes.size()));
  make_namespaces();
  step(2, fmt::format("{} links", plan_.links.size()));
  make_links();
  step(3, "addresses, routes and neighbours");
  configure_nodes();
  step(4, "shapers");
  shape_links();
}

Lab::~Lab() {
  // The kernel lets an RCU grace period pass (some 10 ms) for each packet socket that is closed, and closes that wait
  // at the same time share one.
  constexpr std::size_t most_threads = 32;
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> closers;
  for (std::size_t t = 0; t < std::min(most_threads, shapers_.size() / 4); ++t) {
    closers.emplace_back([&] {
      for (std::size_t l = next++; l < shapers_.size(); l = next++) shapers_[l].reset();
    });
  }
  for (std::thread& closer : closers) closer.join();
}

void Lab::make_namespaces() {
  namespaces_.reserve(plan_.nodes.size());
  for (const PlannedNode& node : plan_.nodes) {
    sandbox::NetworkSettings settings;
    settings.forward = node.kind == scenario::NodeKind::router;
    const bool first_host = refused_.empty() && node.kind == scenario::NodeKind::host;
    namespaces_.push_back({sandbox::Namespace::create_network(settings, first_host ? &refused_ : nullptr),
                           sandbox::Namespace::create_uts(node.name)});
  }
}

void Lab::make_links() {
  netlink::Batch bridges;
  netlink::Batch pairs;
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    if (!is_switch(plan_.nodes[n])) continue;
    bridges.push_back(netlink::add_bridge({.name = bridge_name,
                                           .netns_fd = namespaces_[n].network.fd(),
                                           .index = bridge_index,
                                           .mac = std::nullopt,
                                           .mtu = mtu_of(plan_, plan_.nodes[n])}));
  }
  netlink::Batch wire_sides;
  const auto node_side = [&](const PlannedLink& link, int end) {
    const std::size_t n = index_.at(link.ends[end].node);
    const std::size_t i = interface_number(plan_.nodes[n], link.ends[end].interface);
    netlink::VethEnd side;
    side.name = link.ends[end].interface;
    side.netns_fd = namespaces_[n].network.fd();
    side.index = interface_index(i);
    side.mac = netlink::parse_mac(plan_.nodes[n].interfaces[i].mac);
    side.mtu = link.mtu;
    return side;
  };
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    const PlannedLink& link = plan_.links[l];
    if (link.shaper != shaper::Kind::wire) {
      pairs.push_back(netlink::add_veth(node_side(link, 0), node_side(link, 1), link.name));
      continue;
    }
    for (int end = 0; end < 2; ++end) {
      netlink::VethEnd wire;
      wire.name = wire_side(l, end);
      wire.mtu = link.mtu;
      pairs.push_back(netlink::add_veth(node_side(link, end), wire, link.name));
      wire_sides.push_back(netlink::set_up(wire.name));
    }
  }
  netlink::Socket socket;
  socket.execute(bridges);
  socket.execute(pairs);
  socket.execute(wire_sides);
}

void Lab::configure_nodes() {
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    netlink::Socket().execute(configuration(plan_.nodes[n]));
  }
  // Only now have all links both of their ends up.
  for (const NodeNamespaces& node : namespaces_) {
    const sandbox::ScopedNetwork inside(node.network);
    netlink::Socket socket;
    netlink::settle_links(socket);
  }
  netlink::Socket own;
  netlink::settle_links(own);
}

void Lab::shape_links() {
  shapers_.resize(plan_.links.size());
  const auto wires =
      static_cast<int>(std::count_if(plan_.links.begin(), plan_.links.end(),
                                     [](const PlannedLink& link) { return link.shaper == shaper::Kind::wire; }));
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    const PlannedLink& link = plan_.links[l];
    const auto network = [&](int end) { return namespaces(link.ends[end].node).network.fd(); };
    if (link.shaper == shaper::Kind::tc) {
      if (!meter_) meter_ = std::make_unique<shaper::TcMeter>();
      shapers_[l] = shaper::shape_by_tc(*meter_, {network(0), link.ends[0].interface},
                                        {network(1), link.ends[1].interface}, link.forward, link.backward);
    } else if (link.shaper == shaper::Kind::wire) {
      if (!loop_) loop_ = std::make_unique<shaper::WireLoop>(shaper::WireLoopOptions{.links = wires});
      shapers_[l] =
          shaper::shape_by_wire(*loop_, {wire_side(l, 0), network(0), link.ends[0].interface},
                                {wire_side(l, 1), network(1), link.ends[1].interface}, link.forward, link.backward);
    } else {
      const std::size_t node = vantage(link);
      if (readers_.contains(node)) continue;
      const sandbox::ScopedNetwork inside(namespaces_[node].network);
      readers_.emplace(node, netlink::CounterReader());
    }
  }
}

std::size_t Lab::vantage(const PlannedLink& link) const {
  const std::size_t second = index_.at(link.ends[1].node);
  return is_switch(plan_.nodes[second]) ? second : index_.at(link.ends[0].node);
}

const NodeNamespaces& Lab::namespaces(const std::string& node) const {
  const auto it = index_.find(node);
  if (it == index_.end()) plan_.node(node);  // throws, and says which name is near
  return namespaces_[it->second];
}

}  // namespace geomx::lab
