#include "emulator/lab/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/lab/lab.h"
#include "emulator/lab/uplink.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/belongings.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/scenario/suggest.h"

namespace geomx::lab {
namespace {

constexpr std::size_t longest_name = 15;  // of an interface
constexpr const char* immovable_reason = "the kernel does not let it leave its network namespace";
constexpr const char* immovable_remedy =
    "bridges, bonds and wireless devices are so: name another, or one that is part of it";

using Links = std::vector<netlink::Link>;

const netlink::Link* find(const Links& links, int index) {
  const auto it = std::find_if(links.begin(), links.end(), [&](const auto& each) { return each.index == index; });
  return it == links.end() ? nullptr : &*it;
}

// The link itself, the bridge or bond that it is part of, and so on.
Links with_masters(const Links& links, const netlink::Link& link) {
  Links found;
  for (const netlink::Link* at = &link; at != nullptr && found.size() < links.size(); at = find(links, at->master)) {
    found.push_back(*at);
  }
  return found;
}

// The machine's default route leads over it, or over what it is part of.
std::optional<DeviceObstacle> way_out_obstacle(netlink::Socket& socket, const Links& links, const netlink::Link& link) {
  for (const netlink::Link& carrier : with_masters(links, link)) {
    if (!netlink::belongings_of(socket, carrier.index).has_default_route) continue;
    const bool itself = carrier.index == link.index;
    return DeviceObstacle{
        fmt::format("this machine's default route leads over {}{}: without it the machine is cut off", carrier.name,
                    itself ? std::string() : fmt::format(", of which {} is a part", link.name)),
        fmt::format("name another device; or, if that is meant: ip route del default dev {}", carrier.name)};
  }
  return std::nullopt;
}

std::optional<DeviceObstacle> obstacle_of(netlink::Socket& socket, const Links& links, const netlink::Link& link) {
  if (link.loopback) return DeviceObstacle{"it leads nowhere", "name one to which something is connected"};
  if (link.immovable) return DeviceObstacle{immovable_reason, immovable_remedy};
  for (const netlink::Link& other : links) {
    if (other.lower_index != link.index && other.master != link.index) continue;
    return DeviceObstacle{fmt::format("{} needs it", other.name),
                          fmt::format("name {} itself, or remove it first: ip link del {}", other.name, other.name)};
  }
  return way_out_obstacle(socket, links, link);
}

// A lab's own: eth0, eth1, ..., br0, uplink.
bool is_labs_own(const std::string& name) {
  if (name == bridge_name || name == uplink_interface) return true;
  return name.size() > 3 && name.starts_with("eth") &&
         std::all_of(name.begin() + 3, name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::string device_interface(const std::string& name) {
  return is_labs_own(name) ? ("nic-" + name).substr(0, longest_name) : name;
}

std::optional<DeviceObstacle> device_obstacle(const std::string& name) {
  if (!sandbox::can_make_namespaces_directly()) {
    return DeviceObstacle{"taking a device from this machine changes its own network, which only root may",
                          "run geomx-emu as root, or leave the device out"};
  }
  netlink::Socket socket;
  const Links links = netlink::list_links(socket);
  const auto it = std::find_if(links.begin(), links.end(), [&](const auto& each) { return each.name == name; });
  if (it == links.end()) {
    std::vector<std::string> names;
    for (const netlink::Link& link : links) {
      if (!link.loopback) names.push_back(link.name);
    }
    return DeviceObstacle{fmt::format("this machine has no network interface \"{}\", or a running lab has it", name),
                          names.empty() ? "it has none but lo" : scenario::suggestion(name, names)};
  }
  auto obstacle = obstacle_of(socket, links, *it);
  if (obstacle) obstacle->what = fmt::format("{} cannot be moved: {}", name, obstacle->what);
  return obstacle;
}

void Lab::take_devices(int outside) {
  for (std::size_t n = 0; n < plan_.nodes.size(); ++n) {
    const PlannedNode& node = plan_.nodes[n];
    if (!node.device) continue;
    const PlannedDevice& device = *node.device;
    phase("up: device");
    try {
      const sandbox::ScopedNetwork host(outside);
      netlink::Socket socket;
      const netlink::LinkChange move{
          .move_to_netns_fd = namespaces_[n].network.fd(), .name = device.interface, .new_index = device_index};
      socket.execute(netlink::change_link(netlink::get_link(socket, device.name).index, move, device.name));
    } catch (const SystemError& error) {
      if (error.error_number() != EINVAL) throw;
      throw SystemError(device.name, fmt::format("move device into {}", node.name), EINVAL,
                        fmt::format("{}; {}", immovable_reason, immovable_remedy));
    }
    phase("up: device moved");
    const sandbox::ScopedNetwork inside(namespaces_[n].network);
    const std::string object = node.name + ":" + device.interface;
    netlink::LinkChange change{.up = true};
    if (is_switch(node)) change.master = bridge_index;
    netlink::Batch batch;
    batch.push_back(netlink::change_link(device_index, change, object));
    if (device.prefix != 0) {
      batch.push_back(netlink::add_address(device_index, {device.address.value, device.prefix}, object));
    }
    netlink::Socket().execute(batch);
    phase("up: device configured");
  }
}

}  // namespace geomx::lab
