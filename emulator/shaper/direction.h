#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "emulator/base/rate_trace.h"
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

// How jitter is spread around the delay; see jitter.h.
enum class Distribution { uniform, normal, pareto };

// Losses in bursts: a chain of two states, good and bad, that takes one step per IP packet (Gilbert, "Capacity of a
// burst-noise channel", 1960; Elliott, "Estimates of error rates for codes on burst-noise channels", 1963). It begins
// in the good state; bursts have a mean length of 1/r packets.
struct GilbertElliott {
  double p = 0;          // probability of good -> bad
  double r = 1;          // of bad -> good
  double loss_good = 0;  // of a packet while good
  double loss_bad = 1;   // of a packet while bad
  bool operator==(const GilbertElliott&) const = default;
};

// Active queue management by time spent in the queue (RFC 8289): see codel.h.
struct CodelSettings {
  Nanoseconds target = std::chrono::milliseconds(5);
  Nanoseconds interval = std::chrono::milliseconds(100);
  bool ecn = false;  // mark packets that can be marked (RFC 3168) instead of dropping them
  bool operator==(const CodelSettings&) const = default;
};

struct Direction {
  std::optional<BitsPerSecond> rate;  // of Ethernet frames without FCS, as tc counts: IP packet + 14 bytes
  SharedTrace trace;                  // in place of a rate
  Nanoseconds delay{0};               // one way, beside serialisation
  // All that follows acts per IP packet, after the queue and the rate; probabilities.
  Nanoseconds jitter{0};  // scale of the delay's variation
  Distribution distribution = Distribution::uniform;
  double correlation = 0;   // rank correlation of a packet's jitter with the last one's; the distribution stays
  bool keeps_order = true;  // packets wait for those before them; else jitter reorders
  double loss = 0;
  std::optional<GilbertElliott> gilbert_elliott;  // in place of a loss
  double duplicate = 0;                           // a second one arrives right behind the first
  double reorder = 0;                             // skips the delay, and so overtakes
  double corrupt = 0;                             // one bit of what the IP packet carries is flipped
  QueueLimit queue = PacketLimit{1000};           // bound of the backlog that waits for the rate (delay line apart)
  std::optional<CodelSettings> codel;             // else drop-tail
  // Given: the fate of the n-th IP packet to arrive, the queue's drops included, is a function of (seed, n) alone.
  std::optional<std::uint64_t> seed;
  bool down = false;  // lets nothing in any more; what waits or travels still arrives
  bool operator==(const Direction&) const = default;

  bool limited() const { return rate || trace; }  // there is a queue
  // Whether packets fare differently from each other, by chance.
  bool random() const {
    return jitter.count() != 0 || loss > 0 || gilbert_elliott || duplicate > 0 || reorder > 0 || corrupt > 0;
  }
  bool shaped() const { return limited() || delay.count() != 0 || random(); }
  // Whether all packets fare alike, whatever is in them: they are late, or none arrives, and no more.
  bool clear() const { return !limited() && !random(); }
};

// What to expect of many packets.
double mean_loss(const Direction& direction);  // share lost, by either model
// Standard deviation of the share lost of `packets` packets; of bursts in the limit of many.
double loss_deviation(const Direction& direction, double packets);
Nanoseconds mean_delay(const Direction& direction);      // one way, where packets do not wait for each other
Nanoseconds largest_swing(const Direction& direction);   // by which jitter may lengthen a delay
Nanoseconds shortest_delay(const Direction& direction);  // of any packet
std::optional<BitsPerSecond> peak_rate(const Direction& direction);

enum class Kind { none, tc, wire };
enum class Choice { auto_, tc, wire };

}  // namespace geomx::shaper
