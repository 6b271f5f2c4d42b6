#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace geomx::ps {

// How many bytes may be on their way to one peer, sent and not yet acknowledged: as many as the road carries in a round
// trip, and a little more, so that it never runs dry and yet what waits, waits here, where it can still be reordered.
//
// The method is that of TCP Vegas (Brakmo, Peterson: "TCP Vegas: End to End Congestion Avoidance on a Global Internet",
// 1995), on slices in place of segments. With the shortest round trip seen lately as `base`, window * (1 - base / rtt)
// bytes lie in queues on the way. Fewer than two slices: the window grows (it doubles per round trip while there are
// none); more than four: it shrinks to what is not in queues, and two. It does not compete with other traffic for
// its share, which TCP below does. Of one who never pauses, the queues of its own making are in time taken for the
// road's length, a few slices each ten seconds; rounds of training pause.
//
// Pure: the caller has the clock. One thread at a time. Sizes in bytes.
class Window {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Window(std::size_t slice) : slice_(slice), size_(2 * slice) {}

  // Something may be sent: the window is not full. What is sent may then exceed it, by one slice at most.
  bool open() const { return in_flight_ < size_; }
  void sent(std::size_t bytes) { in_flight_ += bytes; }
  // `bytes` sent at `sent` have arrived; `limited`: more would have been sent had the window been larger.
  void acknowledged(std::size_t bytes, Clock::time_point sent, Clock::time_point now, bool limited);
  // What was sent will not be acknowledged any more.
  void lost(std::size_t bytes) { in_flight_ -= bytes < in_flight_ ? bytes : in_flight_; }

  std::size_t size() const { return size_; }
  std::size_t in_flight() const { return in_flight_; }
  // After so long without an acknowledgement, one is not to be expected.
  Clock::duration patience() const;

 private:
  // The shortest round trip of the current and of the former period: a road that has become longer is believed after
  // two.
  struct Shortest {
    Clock::time_point since{};
    Clock::duration current = Clock::duration::max();
    Clock::duration former = Clock::duration::max();
  };
  Clock::duration base(Clock::duration rtt, Clock::time_point now);

  std::size_t slice_;
  std::size_t size_;
  std::size_t in_flight_ = 0;
  Clock::duration smoothed_{};  // round trip
  Shortest shortest_;
  std::size_t since_change_ = 0;  // acknowledged bytes
};

}  // namespace geomx::ps
