#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/netlink/address.h"
#include "emulator/netlink/message.h"
#include "emulator/netlink/socket.h"

namespace geomx::netlink {

// A static unicast route in the main table. The gateway must be reachable over an interface that is up.
struct Route {
  Ipv4Prefix destination;     // 0.0.0.0/0: the default route
  std::uint32_t gateway = 0;  // 0: the destination is on the link itself
  int link_index = 0;         // 0: the kernel finds it from the gateway
};
Message add_route(const Route& route, const std::string& object);
Message replace_route(const Route& route, const std::string& object);  // adds it where there is none
Message delete_route(const Route& route, const std::string& object);
std::vector<Route> list_routes(Socket& socket);  // main table only, the kernel's own prefix routes included

}  // namespace geomx::netlink
