#pragma once

#include <string>
#include <vector>

#include "emulator/lab/plan.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/qdisc.h"
#include "emulator/netlink/route.h"

// Where the kernel is not as the plan says. Pure.
namespace geomx::lab {

// What the kernel has in one node's network namespace.
struct Found {
  std::vector<netlink::Link> links;
  std::vector<netlink::Address> addresses;
  std::vector<netlink::Route> routes;
  std::vector<netlink::Neighbour> neighbours;
  std::vector<netlink::Qdisc> qdiscs;

  const netlink::Link* link(const std::string& name) const;  // null: there is none
};

// One line each, without the node's name.
struct Difference {
  std::string interface;  // empty: of the node as a whole
  std::string line;
};

// `shaped` says, for each of the node's interfaces, what tc does to the packets that leave it; nothing where the link
// is not shaped by tc.
std::vector<Difference> differences(const PlannedNode& node, const std::vector<shaper::Direction>& shaped,
                                    const Found& found);

}  // namespace geomx::lab
