#include "ps/flow/udp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr int kRoom = 8 << 20;  // bytes; the kernel gives what it may

int open_socket() {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw Error(std::string("cannot open a UDP socket: ") + std::strerror(errno));
  return descriptor;
}

sockaddr_in address_of(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(endpoint.port));
  if (::inet_pton(AF_INET, endpoint.host.c_str(), &address.sin_addr) != 1) {
    throw Error("not an IPv4 address: " + endpoint.host);
  }
  return address;
}

}  // namespace

Udp::Udp(const Endpoint& local) : descriptor_(open_socket()) {
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &kRoom, sizeof kRoom);
  try {
    const sockaddr_in address = address_of(local);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw Error("cannot listen for datagrams on " + to_string(local) + ": " + std::strerror(errno));
    }
  } catch (const Error&) {
    ::close(descriptor_);
    throw;
  }
}

Udp::Udp(int dscp) : descriptor_(open_socket()) {
  const int service = dscp << 2;  // the two low bits are ECN's
  if (::setsockopt(descriptor_, IPPROTO_IP, IP_TOS, &service, sizeof service) != 0) {
    const std::string why = std::strerror(errno);
    ::close(descriptor_);
    throw Error("cannot mark datagrams with DSCP " + std::to_string(dscp) + ": " + why);
  }
}

Udp::~Udp() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Udp::Udp(Udp&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

int Udp::port() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw Error(std::string("cannot read a UDP socket's port: ") + std::strerror(errno));
  }
  return ntohs(address.sin_port);
}

bool Udp::send(const Endpoint& to, std::span<const std::uint8_t> bytes) {
  const sockaddr_in address = address_of(to);
  return ::sendto(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) == static_cast<ssize_t>(bytes.size());
}

std::optional<std::span<const std::uint8_t>> Udp::receive(std::span<std::uint8_t> buffer) {
  const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (got < 0) return std::nullopt;
  return buffer.first(static_cast<std::size_t>(got));
}

std::vector<int> code_points(int channels) {
  const std::vector<int> falling{18, 20, 22, 10, 12, 14, 8, 1};
  return {falling.end() - channels, falling.end()};
}

}  // namespace geomx::ps
