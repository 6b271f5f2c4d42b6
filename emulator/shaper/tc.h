#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/netlink/qdisc.h"
#include "emulator/shaper/direction.h"

// What the kernel's qdiscs can do for a direction, and how: pure, so that `choose` and tests can ask.
namespace geomx::shaper {

// One qdisc; the first of a list sits at the root and each next one in the class of the one before.
struct TcStage {
  std::uint32_t handle = 0;
  netlink::QdiscKind kind;
  bool operator==(const TcStage&) const = default;
};

// Why tc cannot do what is asked, whatever the kernel has; nullopt: it can.
//
// - Loss, or anything else that chance does, with a rate: netem, at an egress, would do it before the rate, so that
//   lost packets would not use the link and copies would use it twice.
// - Jitter whose packets keep their order: netem reorders them. Correlated jitter: netem's has another distribution.
// - Duplicates beside anything else that chance does: netem rolls the dice for the copy once more.
// - A trace, or CoDel behind a tbf.
std::optional<std::string> tc_obstacle(const Direction& direction);

// Why tc can do it only nearly, so that the wire is the better choice where nobody demands tc; nullopt: exactly.
//
// - A queue in packets: tbf's bound is in bytes. It is taken as so many full-sized frames.
// - A rate below 10 Mbit: tbf lets the first frame after a pause through at once, where a wire would take 1.2 ms and
//   more to serialise it.
std::optional<std::string> tc_shortcoming(const Direction& direction);

// The qdiscs for a direction that has no obstacle; none for an unshaped one.
//
// - A rate: tbf. Its bound counts what waits for the rate.
// - A delay: netem, whose bound is out of reach, above the tbf where there is a rate too. For packets in order, a
//   constant delay before the rate gives the same departures as one after it, and so the queue's bound stays apart
//   from the delay line.
// - Chance: netem under a tbf that is faster than any link and only there to segment super-frames, because netem
//   would roll the dice once for 40 packets of one.
// - Down: the same, but with a loss of 100 % or a bound that no frame fits into; for an unshaped one, a tbf of that
//   kind.
std::vector<TcStage> tc_stages(const Direction& direction, int mtu);

// Whether one set of qdiscs can be changed into the other, so that they keep what they hold.
bool changeable(const std::vector<TcStage>& from, const std::vector<TcStage>& to);

// Whether what the kernel says it has is what it was told: it rounds a rate down to whole bytes per second and keeps a
// burst as a time, and chooses a seed where none was given.
bool same(const netlink::QdiscKind& asked, const netlink::QdiscKind& found);

// For people: "tbf rate 100Mbit burst 14014B limit 625KB".
std::string describe(const netlink::QdiscKind& kind);

// tbf's credit for a link that was idle: the frame that is to leave, and 1 ms of the rate, which is how late the
// kernel's timer may be without the link losing any of its rate; at most 128 KiB.
Bytes tbf_burst(BitsPerSecond rate, int mtu);

}  // namespace geomx::shaper
