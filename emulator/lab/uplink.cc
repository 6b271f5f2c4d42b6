#include "emulator/lab/uplink.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>

#include "emulator/base/error.h"
#include "emulator/lab/lab.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/nat.h"
#include "emulator/netlink/route.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::lab {
namespace {

constexpr std::uint32_t pool = 198u << 24 | 18u << 16;  // 198.18.0.0/15
constexpr std::uint32_t subnets = 1u << 15;             // /30s in it
constexpr std::uint32_t subnet_size = 4;
constexpr const char* node_table = "geomx-emu-uplink";
constexpr std::size_t name_digits = 8;  // of the mark: an interface's name has at most 15 characters

std::string host_prefix(const std::string& mark) {
  return "gx" + mark.substr(0, name_digits) + "-";
}

bool overlaps(const netlink::Ipv4Prefix& used, std::uint32_t base) {
  if (used.length == 0) return false;
  const int length = std::min(used.length, uplink_prefix);
  const std::uint32_t mask = ~0u << (32 - length);
  return (used.address & mask) == (base & mask);
}

// Where the host's own ways out lead over: its default routes' interfaces, or all that have a route where it has none.
std::set<std::string> ways_out() {
  netlink::Socket socket;
  const std::vector<netlink::Route> routes = netlink::list_routes(socket);
  const bool has_default = std::any_of(routes.begin(), routes.end(),
                                       [](const netlink::Route& route) { return route.destination.length == 0; });
  std::set<std::string> names;
  for (const netlink::Link& link : netlink::list_links(socket)) {
    const bool leads_out = std::any_of(routes.begin(), routes.end(), [&](const netlink::Route& route) {
      return route.link_index == link.index && (!has_default || route.destination.length == 0);
    });
    if (leads_out) names.insert(link.name);
  }
  return names;
}

bool forwards(const std::string& interface) {
  int on = 0;
  std::ifstream("/proc/sys/net/ipv4/conf/" + interface + "/forwarding") >> on;
  return on == 1;
}

}  // namespace

std::optional<UplinkObstacle> uplink_obstacle() {
  if (!sandbox::can_make_namespaces_directly()) {
    return UplinkObstacle{"an uplink changes this machine's own network, which only root may",
                          "run geomx-emu as root, or leave the uplink out"};
  }
  const std::set<std::string> out = ways_out();
  if (out.empty()) return UplinkObstacle{"this machine's own network leads nowhere: it has no route", "connect it"};
  if (std::none_of(out.begin(), out.end(), forwards)) {
    return UplinkObstacle{
        fmt::format("this machine does not forward what arrives at {}, so no answer would come back", *out.begin()),
        "as root: sysctl -w net.ipv4.ip_forward=1 (it then forwards between all its networks), or for the interfaces "
        "concerned: sysctl -w net.ipv4.conf.INTERFACE.forwarding=1"};
  }
  try {
    const sandbox::Namespace trial = sandbox::Namespace::create_network({});
    const sandbox::ScopedNetwork inside(trial);
    netlink::add_masquerade(node_table, {{0, uplink_interface}});
  } catch (const SystemError& error) {
    return UplinkObstacle{error.what(), error.hint()};
  }
  return std::nullopt;
}

void choose_uplinks(Plan& plan, const std::string& mark) {
  std::vector<netlink::Ipv4Prefix> used;
  netlink::Socket socket;
  for (const netlink::Route& route : netlink::list_routes(socket)) used.push_back(route.destination);
  for (const netlink::Address& address : netlink::list_addresses(socket)) used.push_back(address.prefix);
  // From a place drawn by chance, so that two labs that start at the same moment choose differently.
  auto next = static_cast<std::uint32_t>(std::stoul(mark.substr(0, name_digits), nullptr, 16)) % subnets;
  std::size_t number = 0;
  for (PlannedNode& node : plan.nodes) {
    if (!node.uplink || node.uplink->address.value != 0) continue;
    std::uint32_t tried = 0;
    const auto base = [&] { return pool + next * subnet_size; };
    const auto taken = [&](const netlink::Ipv4Prefix& each) { return overlaps(each, base()); };
    while (std::any_of(used.begin(), used.end(), taken)) {
      next = (next + 1) % subnets;
      if (++tried == subnets) throw WorkError(node.name, "this machine has routes to all of 198.18.0.0/15");
    }
    used.push_back({base(), uplink_prefix});
    node.uplink = PlannedUplink{{base() + 2}, {base() + 1}, host_prefix(mark) + std::to_string(number++)};
    node.routes.push_back(route_out(node));
  }
}

PlannedRoute route_out(const PlannedNode& node) {
  return {{}, 0, node.uplink->gateway};
}

std::string uplink_table(const std::string& mark) {
  return "geomx-emu-" + mark;
}

void remove_uplinks(const std::string& mark) {
  netlink::remove_table(uplink_table(mark));
  // The kernel removes them with the nodes' namespaces, but takes its time.
  netlink::Socket socket;
  for (const netlink::Link& link : netlink::list_links(socket)) {
    if (!link.name.starts_with(host_prefix(mark))) continue;
    try {
      socket.execute(netlink::delete_link(link.name));
    } catch (const SystemError& error) {
      if (error.error_number() != ENODEV) throw;
    }
  }
}

// The table first: where the kernel refuses it, nothing has been made.
void Lab::make_uplinks(int outside) {
  std::vector<netlink::Masquerade> rules;
  for (const PlannedNode& node : plan_.nodes) {
    if (node.uplink) rules.push_back({node.uplink->address.value, ""});
  }
  if (rules.empty()) return;
  {
    const sandbox::ScopedNetwork host(outside);
    netlink::add_masquerade(uplink_table(mark_), rules);
    netlink::Socket socket;
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
      const auto& uplink = plan_.nodes[n].uplink;
      if (!uplink) continue;
      const std::string& name = uplink->host_interface;
      socket.execute(
          netlink::add_veth({.name = uplink_interface, .netns_fd = namespaces_[n].network.fd(), .index = uplink_index},
                            {.name = name}, plan_.nodes[n].name + ":uplink"));
      socket.execute(
          netlink::add_address(netlink::get_link(socket, name).index, {uplink->gateway.value, uplink_prefix}, name));
      // Of this interface only: whether the others forward is the machine's business (uplink_obstacle).
      sandbox::write_sysctl("net.ipv4.conf." + name + ".forwarding", "1");
      socket.execute(netlink::set_up(name));
    }
  }
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    const auto& uplink = plan_.nodes[n].uplink;
    if (!uplink) continue;
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    // So that the rest of the lab leaves by it too, and the host has to know none of the lab's addresses.
    netlink::add_masquerade(node_table, {{0, uplink_interface}});
    netlink::Socket socket;
    socket.execute(netlink::add_address(uplink_index, {uplink->address.value, uplink_prefix}, uplink_interface));
    socket.execute(netlink::set_up(uplink_interface));
  }
}

}  // namespace geomx::lab
