#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "emulator/base/units.h"

// What one direction of a link is asked to do, after every default has been resolved. Pure data: the lab's plan makes
// it, a shaper carries it out.
namespace geomx::shaper {

struct PacketLimit {
  std::uint32_t packets = 1000;
  bool operator==(const PacketLimit&) const = default;
};
struct ByteLimit {
  std::uint64_t bytes = 0;
  bool operator==(const ByteLimit&) const = default;
};
// Both count what waits, in Ethernet frames without FCS; the frame that is being serialised is on the wire already. An
// automatic queue is resolved to bytes (its size is a BDP).
using QueueLimit = std::variant<PacketLimit, ByteLimit>;

struct Direction {
  std::optional<BitsPerSecond> rate;     // of Ethernet frames without FCS, as tc counts: IP packet + 14 bytes
  Nanoseconds delay{0};                  // one way, beside serialisation
  Nanoseconds jitter{0};                 // per IP packet, uniform in [delay - jitter, delay + jitter], order kept
  double loss = 0;                       // probability per IP packet, rolled after the queue and the rate
  QueueLimit queue = PacketLimit{1000};  // drop-tail bound of the backlog that waits for the rate (delay line apart)
  // Given: loss and jitter of the n-th IP packet to arrive, the queue's drops included, are functions of (seed, n)
  // alone.
  std::optional<std::uint64_t> seed;
  bool down = false;  // lets nothing in any more; what waits or travels still arrives
  bool operator==(const Direction&) const = default;
  bool shaped() const { return rate || delay.count() != 0 || jitter.count() != 0 || loss > 0; }
};

enum class Kind { none, tc, wire };
enum class Choice { auto_, tc, wire };

}  // namespace geomx::shaper
