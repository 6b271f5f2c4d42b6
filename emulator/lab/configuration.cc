#include "emulator/lab/configuration.h"

#include <fmt/format.h>

#include "emulator/lab/lab.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/route.h"

namespace geomx::lab {

netlink::Batch interface_of(const PlannedNode& node, std::size_t i) {
  const PlannedInterface& interface = node.interfaces[i];
  const std::string object = node.name + ":" + interface.name;
  netlink::LinkChange change;
  change.up = true;
  if (is_switch(node)) change.master = bridge_index;
  netlink::Batch batch;
  batch.push_back(netlink::change_link(interface_index(interface), change, object));
  if (!is_switch(node)) {
    batch.push_back(
        netlink::add_address(interface_index(interface), {interface.address.value, interface.prefix}, object));
  }
  return batch;
}

netlink::Batch routes_and_neighbours(const PlannedNode& node) {
  netlink::Batch batch;
  for (const PlannedRoute& route : node.routes) {
    batch.push_back(netlink::replace_route({{route.destination.value, route.prefix}, route.gateway.value, 0},
                                           fmt::format("{}: {}/{} via {}", node.name, to_string(route.destination),
                                                       route.prefix, to_string(route.gateway))));
  }
  for (const PlannedNeighbour& neighbour : node.neighbours) {
    const std::size_t i = interface_number(node, neighbour.interface);
    batch.push_back(netlink::add_neighbour(
        {interface_index(node.interfaces[i]), neighbour.address.value, netlink::parse_mac(neighbour.mac)}, node.name));
  }
  return batch;
}

}  // namespace geomx::lab
