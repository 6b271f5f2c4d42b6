#pragma once

#include <chrono>
#include <cstdint>

// What a shaper counts. Totals since the link was shaped, in packets of the wire: a super-frame of 40 segments counts
// as 40 packets wherever the shaper can see them (tc counts what its qdiscs see).
namespace geomx::shaper {

inline constexpr std::chrono::milliseconds kLate{1};

struct DirectionCounters {
  std::uint64_t packets = 0;        // delivered
  std::uint64_t bytes = 0;          // delivered: Ethernet frames without FCS, each segment with its own headers
  std::uint64_t dropped_queue = 0;  // by the queue: its bound, or CoDel; or while the link was down
  std::uint64_t dropped_loss = 0;   // by the loss that was asked for
  // What chance did to delivered packets and what CoDel told them; the wire alone counts these.
  std::uint64_t marked = 0;      // congestion experienced
  std::uint64_t duplicated = 0;  // copies, which `packets` counts too
  std::uint64_t reordered = 0;
  std::uint64_t corrupted = 0;
  std::uint64_t overruns = 0;       // lost to this machine, not to the emulated link: the result is not faithful
  std::uint64_t undelivered = 0;    // wire only: sent to an interface that was down, as into a cable nobody plugged in
  std::uint64_t backlog_bytes = 0;  // waiting for the rate now; the delay line is not counted
  // Time during which packets waited for the rate, and the bytes sent in it: 8 * bytes / time is the measured rate.
  // The wire counts all such time, where frames leave; tc that part of it which tc_meter.h can vouch for.
  std::uint64_t busy_nanoseconds = 0;
  std::uint64_t busy_bytes = 0;
  std::int64_t delay_nanoseconds = -1;         // wire only: mean of (leaving - end of serialisation); -1: not measured
  std::int64_t lateness_p99_nanoseconds = -1;  // wire only: how late frames left, 99th percentile; -1: not measured
  std::uint64_t timed_packets = 0;             // wire only: frames of which it is known how late they left,
  std::uint64_t late_packets = 0;              // and those of them that were later than kLate
};

struct LinkCounters {
  DirectionCounters forward;
  DirectionCounters backward;
};

}  // namespace geomx::shaper
