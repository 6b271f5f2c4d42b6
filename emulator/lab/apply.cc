#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/lab/configuration.h"
#include "emulator/lab/frr.h"
#include "emulator/lab/lab.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/node_view.h"
#include "emulator/scenario/machine.h"

// The steps that turn a plan into a lab, in their order.
namespace geomx::lab {
namespace {

sandbox::NodeView view_of(const Plan& plan, const PlannedNode& node) {
  sandbox::NodeView view;
  if (const auto& image = node.machine.image; image && scenario::is_folder(*image)) {
    view.root = {*image};
  } else if (image) {
    view.root = plan.images.at(*image).layers;
    view.directory = plan.images.at(*image).directory;
  }
  for (const scenario::PlacedFile& file : node.machine.files) {
    view.files.push_back({file.path, file.text, file.from.value_or(""), file.executable});
  }
  add_frr(view, plan, node);
  return view;
}

// In place of what it had by that name.
void set_variable(std::vector<std::string>& environment, const std::string& variable) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  std::erase_if(environment, [&](const std::string& each) { return each.starts_with(name); });
  environment.push_back(variable);
}

}  // namespace

int mtu_of(const Plan& plan, const PlannedNode& node) {
  return node.interfaces.empty() ? scenario::kDefaultMtu : plan.link(node.interfaces.front().link).mtu;
}

int interface_index(const PlannedInterface& interface) {
  constexpr int first = 100;
  constexpr std::size_t prefix = 3;  // "eth"
  return first + std::stoi(interface.name.substr(prefix));
}

std::size_t interface_number(const PlannedNode& node, const std::string& name) {
  const auto it = std::find_if(node.interfaces.begin(), node.interfaces.end(),
                               [&](const PlannedInterface& interface) { return interface.name == name; });
  return static_cast<std::size_t>(it - node.interfaces.begin());
}

Lab::Lab(Plan plan, const Progress& progress, std::string mark, Outside outside)
    : plan_(std::move(plan)), mark_(std::move(mark)) {
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) index_[plan_.nodes[n].name] = n;
  states_.resize(plan_.nodes.size(), NodeState::running);
  cut_.resize(plan_.links.size());
  shapers_.resize(plan_.links.size());
  for (std::size_t l = 0; l < plan_.links.size(); ++l) wires_.push_back(next_wire_++);
  const auto step = [&](int number, const std::string& what) {
    if (progress) progress(number, 4, what);
  };
  step(1, fmt::format("{} namespaces", plan_.nodes.size()));
  make_namespaces(outside);
  step(2, fmt::format("{} links", plan_.links.size()));
  make_links();
  make_uplinks(outside.network);
  take_devices(outside.network);
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

void Lab::make_namespaces(Outside& outside) {
  namespaces_.reserve(plan_.nodes.size());
  for (const PlannedNode& node : plan_.nodes) namespaces_.push_back(namespaces_for(plan_, node, outside));
}

netlink::Message Lab::bridge_in(const sandbox::Namespace& network, int mtu) {
  return netlink::add_bridge(
      {.name = bridge_name, .netns_fd = network.fd(), .index = bridge_index, .mac = std::nullopt, .mtu = mtu});
}

NodeNamespaces Lab::namespaces_for(const Plan& plan, const PlannedNode& node, Outside& outside) {
  sandbox::NetworkSettings settings;
  settings.forward = node.kind == scenario::NodeKind::router;
  const bool first_host = refused_.empty() && node.kind == scenario::NodeKind::host;
  const auto network = [&] {
    const auto given = outside.nodes.find(node.name);
    if (given == outside.nodes.end()) {
      return sandbox::Namespace::create_network(settings, first_host ? &refused_ : nullptr);
    }
    const sandbox::ScopedNetwork inside(given->second);
    std::vector<std::string> refused = sandbox::apply(settings);
    if (first_host) refused_ = std::move(refused);
    return std::move(given->second);
  };
  NodeNamespaces made{network(), sandbox::Namespace::create_uts(node.name), std::nullopt, std::nullopt};
  if (const sandbox::NodeView view = view_of(plan, node); !view.empty()) made.mounts = sandbox::create_view(view);
  if (node.machine.cpu || node.machine.memory) {
    made.cgroup.emplace(mark_, node.name, sandbox::Limits{node.machine.cpu, node.machine.memory});
  }
  return made;
}

void Lab::settle(sandbox::SpawnOptions& options) const {
  const NodeNamespaces& node = namespaces(options.node);
  const scenario::Machine& machine = plan_.nodes[index_of_node(options.node)].machine;
  options.network_fd = node.network.fd();
  options.uts_fd = node.uts.fd();
  if (node.mounts) options.mount_fd = node.mounts->fd();
  if (machine.image) options.directory = std::string("/");  // it has none of this machine's folders
  if (machine.image && !scenario::is_folder(*machine.image)) {
    const sandbox::OciImage& image = plan_.images.at(*machine.image);
    for (const std::string& variable : image.environment) set_variable(options.environment, variable);
    if (!image.directory.empty()) options.directory = image.directory;
  }
  if (node.cgroup) options.cgroups = node.cgroup->entrances();
  for (const auto& [name, value] : machine.env) set_variable(options.environment, fmt::format("{}={}", name, value));
}

void Lab::make_links() {
  netlink::Batch bridges;
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    if (!is_switch(plan_.nodes[n])) continue;
    bridges.push_back(bridge_in(namespaces_[n].network, mtu_of(plan_, plan_.nodes[n])));
  }
  netlink::Batch pairs;
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    for (netlink::Message& message : pairs_of(plan_, index_, l, wires_[l])) pairs.push_back(std::move(message));
  }
  netlink::Socket socket;
  socket.execute(bridges);
  socket.execute(pairs);
}

std::string wire_side(unsigned wire, int end) {
  return fmt::format("w{}{}", wire, end == 0 ? 'a' : 'b');
}

// What makes the link's interfaces. REQUIRES: its nodes are there.
netlink::Batch Lab::pairs_of(const Plan& plan, const NodeIndex& index, std::size_t l, unsigned wire) const {
  const PlannedLink& link = plan.links[l];
  const auto node_side = [&](int end) {
    const PlannedNode& node = plan.nodes[index.at(link.ends[end].node)];
    const PlannedInterface& interface = node.interfaces[interface_number(node, link.ends[end].interface)];
    netlink::VethEnd side;
    side.name = interface.name;
    side.netns_fd = namespaces(node.name).network.fd();
    side.index = interface_index(interface);
    side.mac = netlink::parse_mac(interface.mac);
    side.mtu = link.mtu;
    return side;
  };
  netlink::Batch batch;
  if (link.shaper != shaper::Kind::wire) {
    batch.push_back(netlink::add_veth(node_side(0), node_side(1), link.name));
    return batch;
  }
  for (int end = 0; end < 2; ++end) {
    netlink::VethEnd other;
    other.name = wire_side(wire, end);
    other.mtu = link.mtu;
    batch.push_back(netlink::add_veth(node_side(end), other, link.name));
    batch.push_back(netlink::set_up(other.name));
  }
  return batch;
}

void Lab::configure_nodes() {
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    netlink::Socket socket;
    for (std::size_t i = 0; i < plan_.nodes[n].interfaces.size(); ++i) socket.execute(interface_of(plan_.nodes[n], i));
    socket.execute(routes_and_neighbours(plan_.nodes[n]));
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
  for (std::size_t l = 0; l < plan_.links.size(); ++l) make_shaper(l);
}

int Lab::wire_links() const {
  return static_cast<int>(std::count_if(plan_.links.begin(), plan_.links.end(),
                                        [](const PlannedLink& link) { return link.shaper == shaper::Kind::wire; }));
}

void Lab::make_shaper(std::size_t l) {
  const PlannedLink& link = plan_.links[l];
  const auto network = [&](int end) { return namespaces(link.ends[end].node).network.fd(); };
  const auto wire_end = [&](int end) {
    const bool forwards = plan_.nodes[index_.at(link.ends[end].node)].kind != scenario::NodeKind::host;
    return shaper::WireEnd{wire_side(wires_[l], end), network(end), link.ends[end].interface, forwards};
  };
  if (link.shaper == shaper::Kind::tc) {
    if (!meter_) meter_ = std::make_unique<shaper::TcMeter>();
    shapers_[l] = shaper::shape_by_tc(*meter_, {network(0), link.ends[0].interface},
                                      {network(1), link.ends[1].interface}, link.forward, link.backward);
  } else if (link.shaper == shaper::Kind::wire) {
    if (!loop_) {
      const auto cores = static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u));
      loop_ = std::make_unique<shaper::WireLoop>(shaper::WireLoopOptions{.threads = cores, .links = wire_links()});
    }
    shapers_[l] = shaper::shape_by_wire(*loop_, wire_end(0), wire_end(1), link.forward, link.backward);
  }
}

std::size_t Lab::vantage(const PlannedLink& link) const {
  const std::size_t second = index_.at(link.ends[1].node);
  return is_switch(plan_.nodes[second]) ? second : index_.at(link.ends[0].node);
}

const NodeNamespaces& Lab::namespaces(const std::string& node) const {
  return namespaces_[index_of_node(node)];
}

}  // namespace geomx::lab
