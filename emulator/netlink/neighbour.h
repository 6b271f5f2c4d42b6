#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/netlink/link.h"
#include "emulator/netlink/message.h"
#include "emulator/netlink/socket.h"

namespace geomx::netlink {

// A permanent neighbour (ARP) entry: nobody asks for the address, so the first packet does not pay a round trip for it
// and seeded loss is not shifted. The kernel holds at most net.ipv4.neigh.default.gc_thresh3 (host-wide, 1024 by
// default) entries that are not permanent; permanent ones are not counted since Linux 5.0.
struct Neighbour {
  int link_index = 0;
  std::uint32_t address = 0;  // IPv4, host byte order
  Mac mac{};
};
Message add_neighbour(const Neighbour& neighbour, const std::string& object);  // or replaces it
Message delete_neighbour(const Neighbour& neighbour, const std::string& object);
std::vector<Neighbour> list_permanent_neighbours(Socket& socket);

}  // namespace geomx::netlink
