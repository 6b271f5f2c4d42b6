#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/lab/plan.h"

// Uplinks: nodes' ways out of the lab into the network that the lab is started in ("the host"). What lies in the host,
// one end of a veth pair each and one nftables table of the lab, bears the lab's mark in its name.
//
//   node: uplink, 198.18.x.2/30, masquerade -- veth -- host: gxMARK-N, 198.18.x.1/30, masquerade -> its other
//   interfaces
namespace geomx::lab {

// The node's end of every uplink; its index is fixed as the other interfaces' are.
inline constexpr const char* uplink_interface = "uplink";
inline constexpr int uplink_index = 98;
inline constexpr int uplink_prefix = 30;

struct UplinkObstacle {
  std::string what;
  std::string remedy;
};
// Why no node can have an uplink here, in the calling thread's network namespace; none: it can. Tries NAT out, in a
// namespace of its own. Throws SystemError where the host's routes cannot be read.
std::optional<UplinkObstacle> uplink_obstacle();

// Gives each planned uplink that has none yet a /30 of 198.18.0.0/15 (RFC 2544: networks for tests, which labs use
// nowhere else) that no route of the calling thread's network namespace leads to, and its node the default route.
// `mark`: 16 hexadecimal digits. Throws WorkError where none is free.
void choose_uplinks(Plan& plan, const std::string& mark);

// The route by which the node leaves the lab. REQUIRES: its uplink has been chosen.
PlannedRoute route_out(const PlannedNode& node);

// The name of the host's table that masquerades them.
std::string uplink_table(const std::string& mark);

// Removes what uplinks of the lab with that mark have made in the calling thread's network namespace. Throws
// SystemError.
void remove_uplinks(const std::string& mark);

}  // namespace geomx::lab
