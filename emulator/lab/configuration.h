#pragma once

#include "emulator/lab/plan.h"
#include "emulator/netlink/message.h"
#include "emulator/netlink/socket.h"

// What one node's own namespace is to be told. Pure.
namespace geomx::lab {

// The node's i-th interface: its address, or its place in the bridge, and up.
netlink::Batch interface_of(const PlannedNode& node, std::size_t i);
// All its routes and neighbours, whether the kernel has some of them already or not.
netlink::Batch routes_and_neighbours(const PlannedNode& node);

}  // namespace geomx::lab
