#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace geomx::ps {

// How fast datagrams may leave for one peer. Nothing else keeps them from filling every queue on the way: they are not
// acknowledged one by one. After some pushes the receiver reports how many came and in what time. What arrives more
// slowly than it was sent tells what the road gives, and the sender stays a little above that, so that it notices when
// the road gives more; otherwise the rate does not fall, for a sender that was kept from sending says nothing about the
// road. The rate doubles per report until datagrams have been lost in numbers.
//
// Pure: the caller has the clock. One thread at a time.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  // When the next datagram may leave. Up to kBurst's worth may leave at once after a pause, or by a thread that wakes
  // late.
  Clock::time_point next() const { return next_; }
  void sent(std::size_t bytes, Clock::time_point now);

  struct Report {
    std::uint64_t sent = 0;            // datagrams of the pushes
    std::uint64_t arrived = 0;         // of them
    std::uint64_t bytes = 0;           // that arrived in bursts, without each burst's first
    std::chrono::microseconds span{};  // that the bursts took
  };
  void report(const Report& report);

  double rate() const { return rate_; }  // bytes/s

 private:
  static constexpr Clock::duration kBurst = std::chrono::milliseconds(10);

  std::optional<double> achieved() const;

  double rate_ = 1.25e6;  // to begin with: 10 Mbit/s
  bool doubles_ = true;
  Clock::time_point next_{};
  // Since the last report, as Report counts them:
  Clock::time_point last_{};
  std::uint64_t bytes_ = 0;
  Clock::duration span_{};
};

}  // namespace geomx::ps
