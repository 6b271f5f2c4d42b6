#pragma once

#include <string>

namespace geomx::shaper {

// Makes the kernel segment, before they leave `interface`, the super-frames that a packet socket cannot carry (UDP,
// SCTP, tunnels) and write VLAN tags into the frame. TCP super-frames stay. In the calling thread's network namespace.
// Throws SystemError naming the interface.
void restrict_offloads(const std::string& interface);

}  // namespace geomx::shaper
