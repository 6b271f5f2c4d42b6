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

// Why tc cannot do what is asked as asked, whatever the kernel has; nullopt: it can.
//
// - A queue in packets: tbf's bound is in bytes, and below it a super-frame counts as one packet.
// - Loss with a rate: netem, at an egress, would drop before the rate, so that lost packets would not use the link.
// - Jitter: netem reorders packets with it; a Direction keeps their order.
std::optional<std::string> tc_obstacle(const Direction& direction);

// The qdiscs for a direction that has no obstacle; none for an unshaped one.
//
// - A rate: tbf. Its bound counts what waits for the rate.
// - A delay: netem, whose bound is out of reach, above the tbf where there is a rate too. For packets in order, a
//   constant delay before the rate gives the same departures as one after it, and so the queue's bound stays apart
//   from the delay line.
// - A loss: netem under a tbf that is faster than any link and only there to segment super-frames, because netem
//   would drop 40 packets of one at once.
std::vector<TcStage> tc_stages(const Direction& direction, int mtu);

// tbf's credit for a link that was idle: no more than a wire would have, and no less than the kernel's timers need to
// reach the rate: 1 ms of it, at least one frame and at most 128 KiB.
Bytes tbf_burst(BitsPerSecond rate, int mtu);

}  // namespace geomx::shaper
