#include "ps/config/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace geomx::ps {
namespace {

std::string dotted(in_addr address) {
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &address, text, sizeof text);
  return text;
}

// (interface, address) pairs, in the kernel's order.
std::vector<std::pair<std::string, std::string>> addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, freeifaddrs);
  std::vector<std::pair<std::string, std::string>> found;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
    sockaddr_in address{};
    std::memcpy(&address, entry->ifa_addr, sizeof address);
    found.emplace_back(entry->ifa_name, dotted(address.sin_addr));
  }
  return found;
}

}  // namespace

std::optional<std::uint32_t> ipv4_number(const std::string& ipv4) {
  in_addr address{};
  if (inet_pton(AF_INET, ipv4.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

bool is_loopback(const std::string& ipv4) {
  return ipv4_number(ipv4).value_or(0) >> 24 == 127;
}

std::optional<std::string> address_of_interface(const std::string& name) {
  for (const auto& [interface, address] : addresses()) {
    if (interface == name) return address;
  }
  return std::nullopt;
}

std::vector<std::string> interfaces_with_address() {
  std::vector<std::string> names;
  for (const auto& entry : addresses()) {
    if (std::find(names.begin(), names.end(), entry.first) == names.end()) names.push_back(entry.first);
  }
  return names;
}

bool is_local_address(const std::string& ipv4) {
  if (is_loopback(ipv4)) return true;
  const auto all = addresses();
  return std::any_of(all.begin(), all.end(), [&](const auto& entry) { return entry.second == ipv4; });
}

std::optional<std::string> source_towards(const std::string& ipv4) {
  const auto number = ipv4_number(ipv4);
  if (!number) return std::nullopt;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(*number);
  address.sin_port = htons(9);
  socklen_t size = sizeof address;
  const bool ok = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!ok) return std::nullopt;
  return dotted(address.sin_addr);
}

}  // namespace geomx::ps
