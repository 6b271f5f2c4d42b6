#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::test {

// A UDP socket in the network namespace of the thread that makes it. Addresses in host byte order.
class Udp {
 public:
  explicit Udp(std::uint32_t address, std::uint16_t port = 9000)
      : fd_(check(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open UDP socket")) {
    const sockaddr_in local = endpoint(address, port);
    check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local), sizeof(local)), "bind UDP socket");
    const int on = 1;
    check(::setsockopt(fd_.get(), IPPROTO_IP, IP_RECVTTL, &on, sizeof(on)), "ask for TTL");
    const int room = 8 << 20;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
  }

  // false where the network has no room for it.
  bool send(std::uint32_t to, std::size_t bytes, std::uint16_t port = 9000) const {
    const std::vector<char> payload(bytes, 'x');
    const sockaddr_in remote = endpoint(to, port);
    return ::sendto(fd_.get(), payload.data(), payload.size(), 0, reinterpret_cast<const sockaddr*>(&remote),
                    sizeof(remote)) == static_cast<ssize_t>(bytes);
  }

  struct Received {
    std::size_t bytes = 0;
    int ttl = 0;
    std::chrono::steady_clock::time_point at;  // when it was read
  };
  // Nothing where `timeout` passes.
  std::optional<Received> receive(std::chrono::milliseconds timeout) const {
    pollfd readable{fd_.get(), POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
    char data[65536];
    alignas(cmsghdr) char control[64];
    iovec piece{data, sizeof(data)};
    msghdr envelope{};
    envelope.msg_iov = &piece;
    envelope.msg_iovlen = 1;
    envelope.msg_control = control;
    envelope.msg_controllen = sizeof(control);
    Received received;
    received.bytes = static_cast<std::size_t>(check(static_cast<int>(::recvmsg(fd_.get(), &envelope, 0)), "receive"));
    received.at = std::chrono::steady_clock::now();
    if (const cmsghdr* header = CMSG_FIRSTHDR(&envelope); header != nullptr && header->cmsg_type == IP_TTL) {
      std::memcpy(&received.ttl, CMSG_DATA(header), sizeof(received.ttl));
    }
    return received;
  }

 private:
  static sockaddr_in endpoint(std::uint32_t address, std::uint16_t port) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_port = htons(port);
    result.sin_addr.s_addr = htonl(address);
    return result;
  }
  FileDescriptor fd_;
};

}  // namespace geomx::test
