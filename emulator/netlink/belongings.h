#pragma once

#include <string>
#include <vector>

#include "emulator/netlink/socket.h"

// What the kernel forgets of a link that leaves its namespace: its addresses and the routes over it, of IPv4 and IPv6.
// Kept as the kernel's own messages (so do `ip address save` and `ip route save`), so that lifetimes, labels, metrics,
// tables and whatever else they may say come back too.
namespace geomx::netlink {

struct Belongings {
  // A struct nlmsghdr and what follows it, each. Not what the kernel makes by itself: routes to an address's own
  // network, addresses and routes learned from IPv6 routers' advertisements, link-local addresses.
  std::vector<std::string> addresses{};
  std::vector<std::string> routes{};
  bool has_default_route = false;  // of either family, learned ones included, in any table
};
// Throws SystemError. Routes over several links at once are not among them.
Belongings belongings_of(Socket& socket, int link_index);

// Gives them to a link, of the same namespace or another. What it has already stays; what the kernel refuses, say a
// route whose gateway cannot be reached by now, is left out. REQUIRES: the link is up, or its routes are left out.
// Throws SystemError where the kernel does not answer.
void give_addresses(Socket& socket, const Belongings& belongings, int link_index, const std::string& object);
void give_routes(Socket& socket, const Belongings& belongings, int link_index, const std::string& object);

}  // namespace geomx::netlink
