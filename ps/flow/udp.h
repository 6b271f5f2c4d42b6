#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ps/transport/transport.h"

namespace geomx::ps {

// A UDP socket over IPv4, in the network namespace of the thread that makes it; move-only. Errors: Error, naming the
// attempt and the address.
class Udp {
 public:
  // Bound to that address and port (0: any), with room for what comes while nobody reads.
  explicit Udp(const Endpoint& local);
  // For sending, each packet marked with that code point (DSCP, 0..63).
  explicit Udp(int dscp);
  ~Udp();
  Udp(Udp&& other) noexcept;
  Udp& operator=(Udp&&) = delete;

  int descriptor() const { return descriptor_; }
  int port() const;
  // False where the kernel has no room for it just now, or the network refused: a datagram may always be lost.
  bool send(const Endpoint& to, std::span<const std::uint8_t> bytes);
  // The next datagram that is there, into `buffer`: what it holds of it; nullopt where there is none. Does not wait.
  std::optional<std::span<const std::uint8_t>> receive(std::span<std::uint8_t> buffer);

 private:
  int descriptor_;
};

// The code points of so many channels (1 to 8), the first the least likely to be dropped: the last so many of AF21,
// AF22, AF23, AF11, AF12, AF13 (RFC 2597), CS1 (low-priority data, RFC 4594) and LE (lower effort, RFC 8622).
std::vector<int> code_points(int channels);

}  // namespace geomx::ps
