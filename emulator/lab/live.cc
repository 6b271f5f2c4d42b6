#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>

#include "emulator/base/error.h"
#include "emulator/lab/configuration.h"
#include "emulator/lab/device.h"
#include "emulator/lab/lab.h"
#include "emulator/lab/uplink.h"
#include "emulator/netlink/link.h"
#include "emulator/sandbox/node_processes.h"
#include "emulator/shaper/tc.h"

// What may be done to a lab while traffic flows.
namespace geomx::lab {
namespace {

constexpr std::chrono::seconds signal_patience{10};

// Where a request failed, as the user calls it.
[[noreturn]] void refuse(const std::string& object, const InputError& error, const std::string& hint) {
  throw InputError(object, error.where().empty() ? error.what() : error.line(), hint);
}

// The lines for what tc does only nearly.
std::vector<std::string> shortcomings(const PlannedLink& link) {
  std::vector<std::string> lines;
  for (const bool forward : {true, false}) {
    const auto shortcoming = shaper::tc_shortcoming(forward ? link.forward : link.backward);
    if (!shortcoming) continue;
    lines.push_back(fmt::format("{} {}->{}: {}", link.name, link.label[forward ? 0 : 1], link.label[forward ? 1 : 0],
                                *shortcoming));
  }
  return lines;
}

// One that has been unplugged is nothing to take down.
void set_device_up(netlink::Socket& socket, const PlannedNode& node, bool up) {
  try {
    socket.execute(netlink::change_link(device_index, {.up = up}, node.name + ":" + node.device->interface));
  } catch (const SystemError& error) {
    if (error.error_number() != ENODEV) throw;
  }
}

}  // namespace

std::string to_string(NodeState state) {
  switch (state) {
    case NodeState::running:
      return "running";
    case NodeState::paused:
      return "paused";
    case NodeState::killed:
      break;
  }
  return "killed";
}

std::size_t Lab::index_of_link(const std::string& name) const {
  return static_cast<std::size_t>(&plan_.link(name) - plan_.links.data());
}

std::size_t Lab::index_of_node(const std::string& name) const {
  const auto it = index_.find(name);
  if (it == index_.end()) plan_.node(name);  // throws, and says which name is near
  return it->second;
}

std::vector<std::string> Lab::change_link(const std::string& name, Way way, const scenario::LinkPatch& patch,
                                          bool rebuild) {
  const std::size_t l = index_of_link(name);
  PlannedLink wanted = changed(plan_.links[l], way, patch);
  const int mtu = plan_.links[l].mtu;
  if (wanted.mtu != mtu && at_switch(plan_, wanted)) {
    throw InputError(name + ": mtu", "all ports of a switch have the same MTU",
                     fmt::format("change it for all its links at once, by 'geomx-emu apply {} FILE'", plan_.lab));
  }
  const bool outgrown = outgrows_wire(plan_.links[l], wanted);
  if (outgrown && !rebuild) {
    refuse(name, InputError({}, fmt::format("a wire made for an MTU of {} cannot grow to {}", mtu, wanted.mtu)),
           fmt::format("'geomx-emu link {} {} ... --rebuild' makes it anew; what is on the link then is lost",
                       plan_.lab, name));
  }
  if (wanted.shaper != shaper::Kind::wire) {
    try {
      const shaper::Kind kind = shaper::choose(wanted.forward, wanted.backward, plan_.features, shaper::Choice::tc);
      if (kind == shaper::Kind::tc) wanted.shaper = kind;
    } catch (const InputError& error) {
      if (!rebuild) {
        refuse(name, error,
               fmt::format("'geomx-emu link {} {} ... --rebuild' puts the wire in; what is on the link then is lost",
                           plan_.lab, name));
      }
      wanted.shaper = shaper::choose(wanted.forward, wanted.backward, plan_.features, shaper::Choice::wire);
    }
  }
  const shaper::Kind before = plan_.links[l].shaper;
  if (outgrown || (wanted.shaper != before && wanted.shaper == shaper::Kind::wire)) {
    rebuild_link(l, wanted);
  } else {
    plan_.links[l] = wanted;
    if (wanted.mtu != mtu) set_mtu(l);
    refresh(l);
  }
  return wanted.shaper == shaper::Kind::tc ? shortcomings(wanted) : std::vector<std::string>{};
}

void Lab::set_link_up(const std::string& name, bool up) {
  const std::size_t l = index_of_link(name);
  cut_[l] = !up;
  refresh(l);
}

shaper::Direction Lab::in_force(std::size_t l, bool forward) const {
  const PlannedLink& link = plan_.links[l];
  shaper::Direction direction = forward ? link.forward : link.backward;
  direction.down = cut_[l] || std::any_of(std::begin(link.ends), std::end(link.ends), [&](const PlannedLink::End& end) {
                     return states_[index_.at(end.node)] == NodeState::killed;
                   });
  return direction;
}

// Of all of the link's interfaces.
void Lab::set_mtu(std::size_t l) {
  const PlannedLink& link = plan_.links[l];
  for (const int end : {0, 1}) {
    const netlink::LinkChange change{.mtu = link.mtu};
    if (link.shaper == shaper::Kind::wire) {
      netlink::Socket().execute(netlink::change_link(wire_side(wires_[l], end), change));
    }
    const sandbox::ScopedNetwork inside(namespaces(link.ends[end].node).network);
    netlink::Socket().execute(netlink::change_link(link.ends[end].interface, change));
  }
}

// Tells the shaper and the nodes what the plan and the states of link and nodes amount to.
void Lab::refresh(std::size_t l) {
  PlannedLink& link = plan_.links[l];
  const auto killed = [&](int end) { return states_[index_.at(link.ends[end].node)] == NodeState::killed; };
  const shaper::Direction forward = in_force(l, true);
  const shaper::Direction backward = in_force(l, false);
  const bool down = forward.down;
  if (!shapers_[l] && (down || forward.shaped() || backward.shaped())) attach_tc(l);
  if (shapers_[l]) {
    const std::lock_guard lock(reading_);
    shapers_[l]->change(forward, backward);
  }
  for (const int end : {0, 1}) {
    const std::size_t n = index_.at(link.ends[end].node);
    // A bridge's port that is not running would not pass on what still arrives; a killed node's interfaces are down.
    if (is_switch(plan_.nodes[n]) || killed(end)) continue;
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    netlink::Socket().execute(netlink::change_link(link.ends[end].interface, {.dormant = down}));
  }
}

// An unshaped link is one pair of interfaces, to which qdiscs can be added at any time.
void Lab::attach_tc(std::size_t l) {
  if (!plan_.features.tbf) throw InputError(plan_.links[l].name, "this kernel has no tbf, which this needs");
  plan_.links[l].shaper = shaper::Kind::tc;
  const std::lock_guard lock(reading_);
  make_shaper(l);
}

void Lab::kill_node(const std::string& name) {
  const std::size_t n = index_of_node(name);
  if (states_[n] == NodeState::killed) return;
  sandbox::signal_processes(namespaces_[n].network, SIGSTOP, signal_patience);  // none notices what comes
  states_[n] = NodeState::killed;
  set_interfaces_up(n, false);
  sandbox::signal_processes(namespaces_[n].network, SIGKILL, signal_patience);
}

void Lab::restart_node(const std::string& name) {
  kill_node(name);
  const std::size_t n = index_of_node(name);
  states_[n] = NodeState::running;
  set_interfaces_up(n, true);
}

void Lab::set_interfaces_up(std::size_t n, bool up) {
  const PlannedNode& node = plan_.nodes[n];
  const auto refresh_links = [&] {
    for (const PlannedInterface& interface : node.interfaces) refresh(index_of_link(interface.link));
  };
  if (!up) refresh_links();  // first, so that nobody hears the node's last words
  {
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    netlink::Socket socket;
    netlink::Batch batch;
    for (const PlannedInterface& interface : node.interfaces) {
      batch.push_back(netlink::change_link(interface.name, {.up = up}));
    }
    if (node.uplink) batch.push_back(netlink::change_link(uplink_interface, {.up = up}));
    // The kernel forgets both with the interfaces, but not their addresses.
    if (up) {
      for (netlink::Message& message : routes_and_neighbours(node)) batch.push_back(std::move(message));
    }
    socket.execute(batch);
    if (node.device) set_device_up(socket, node, up);
    if (up) netlink::settle_links(socket);
  }
  if (!up) return;
  refresh_links();
  netlink::Socket own;
  netlink::settle_links(own);
}

void Lab::pause_node(const std::string& name) {
  const std::size_t n = index_of_node(name);
  if (states_[n] == NodeState::paused) return;
  require_running(name);
  sandbox::signal_processes(namespaces_[n].network, SIGSTOP, signal_patience);
  states_[n] = NodeState::paused;
}

void Lab::resume_node(const std::string& name) {
  const std::size_t n = index_of_node(name);
  if (states_[n] != NodeState::paused) {
    require_running(name);
    return;
  }
  sandbox::signal_processes(namespaces_[n].network, SIGCONT, signal_patience);
  states_[n] = NodeState::running;
}

void Lab::require_running(const std::string& name) const {
  const NodeState state = states_[index_of_node(name)];
  if (state == NodeState::running) return;
  throw InputError(
      name, fmt::format("the node is {}", to_string(state)),
      fmt::format("geomx-emu node {} {} {}", plan_.lab, name, state == NodeState::paused ? "resume" : "restart"));
}

// The interfaces come anew, under the same names, numbers and addresses.
void Lab::rebuild_link(std::size_t l, const PlannedLink& wanted) {
  drop_link(l);
  plan_.links[l] = wanted;
  wires_[l] = next_wire_++;
  netlink::Socket own;
  own.execute(pairs_of(plan_, index_, l, wires_[l]));
  for (const PlannedLink::End& end : plan_.links[l].ends) {
    const std::size_t n = index_.at(end.node);
    const PlannedNode& node = plan_.nodes[n];
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    netlink::Socket socket;
    socket.execute(interface_of(node, interface_number(node, end.interface)));
    if (states_[n] == NodeState::killed) {
      socket.execute(netlink::set_down(end.interface));
      continue;
    }
    // The kernel has forgotten those that led over the interface.
    socket.execute(routes_and_neighbours(node));
    netlink::settle_links(socket);
  }
  netlink::settle_links(own);
  const std::lock_guard lock(reading_);
  make_shaper(l);
}

void Lab::drop_link(std::size_t l) {
  const PlannedLink& link = plan_.links[l];
  const bool wire = link.shaper == shaper::Kind::wire;
  {
    const std::lock_guard lock(reading_);
    shapers_[l].reset();
  }
  if (wire) {
    netlink::Socket().execute(netlink::delete_link(wire_side(wires_[l], 0)));
    netlink::Socket().execute(netlink::delete_link(wire_side(wires_[l], 1)));
    return;
  }
  const sandbox::ScopedNetwork inside(namespaces(link.ends[0].node).network);
  netlink::Socket().execute(netlink::delete_link(link.ends[0].interface));
}

}  // namespace geomx::lab
