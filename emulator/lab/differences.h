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

// What is asked of one interface beside its address.
struct Egress {
  shaper::Direction direction;  // what tc does to the packets that leave it; nothing where tc does not shape the link
  int mtu = scenario::kDefaultMtu;
};

// `egresses`: of each of the node's interfaces.
std::vector<Difference> differences(const PlannedNode& node, const std::vector<Egress>& egresses, const Found& found);

}  // namespace geomx::lab
