#pragma once

#include <cstdint>
#include <optional>

#include "emulator/base/units.h"
#include "emulator/shaper/direction.h"

// When a link has sent what it is given: a constant rate, or one that follows a trace. Pure; times count from any
// fixed origin.
namespace geomx::shaper {

using Time = Nanoseconds;
inline constexpr Time kNever = Time::max();

class Bottleneck {
 public:
  // A trace begins at `origin`. Without rate and trace there is no bottleneck: everything is sent at once.
  Bottleneck(const Direction& direction, Time origin);

  // When a frame whose serialisation begins at `start` has been sent; kNever: never. Of frames of one direction, in
  // their order: `start` not before the last one's end.
  //
  // A trace's deliveries are used up as Mahimahi does: each carries kTracePacket of IP packets and what precedes them
  // (the Ethernet header does not count, 4 bytes do), a packet may take several, what one leaves over serves the packet
  // that waits behind it, and a delivery at which nothing waits is lost.
  Time finish(Time start, std::uint64_t frame_bytes);
  // For a constant rate alone: how long that takes; 0 without one.
  Time duration(std::uint64_t frame_bytes) const;

 private:
  Time delivered(Time start, std::uint64_t bytes);
  Time integrated(Time start, std::uint64_t bytes) const;
  Time time_of(std::uint64_t delivery) const;
  std::uint64_t first_from(Time start) const;

  std::optional<BitsPerSecond> rate_;
  SharedTrace trace_;
  Time origin_;
  std::uint64_t next_ = 0;  // delivery, counted through all repetitions
  std::uint64_t left_ = 0;  // bytes that the one before it still carries
  double bits_per_period_ = 0;
};

}  // namespace geomx::shaper
