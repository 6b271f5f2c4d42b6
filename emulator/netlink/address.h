#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/netlink/message.h"
#include "emulator/netlink/socket.h"

// IPv4 addresses of interfaces. Addresses are in host byte order throughout this folder's interface.
namespace geomx::netlink {

struct Ipv4Prefix {
  std::uint32_t address = 0;
  int length = 32;
  auto operator<=>(const Ipv4Prefix&) const = default;
};
std::string to_string(const Ipv4Prefix& prefix);  // "10.0.0.1/24"
std::string ipv4_to_string(std::uint32_t address);

// The kernel adds the route to the prefix by itself once the link is up. `object` names the interface in errors.
Message add_address(int link_index, const Ipv4Prefix& address, const std::string& object);
Message delete_address(int link_index, const Ipv4Prefix& address, const std::string& object);

struct Address {
  int link_index = 0;
  Ipv4Prefix prefix;
};
std::vector<Address> list_addresses(Socket& socket);

}  // namespace geomx::netlink
