#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace geomx::ps {

// How fast datagrams may leave for one peer. Nothing else keeps them from filling every queue on the way: they are not
// acknowledged one by one. After each push the receiver reports how many came and in what time: the rate of arrival is
// what the road gives, and the sender stays a little above it, so that it notices when the road gives more. The rate
// doubles per report until datagrams have been lost in numbers.
//
// Pure: the caller has the clock. One thread at a time.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  // When the next datagram may leave. Up to kBurst may leave at once after a pause.
  Clock::time_point next() const { return next_; }
  void sent(std::size_t bytes, Clock::time_point now);

  struct Report {
    std::uint64_t sent = 0;            // datagrams of the push
    std::uint64_t arrived = 0;         // of them
    std::uint64_t bytes = 0;           // that arrived after the first of them
    std::chrono::microseconds span{};  // between the first and the last arrival
  };
  void report(const Report& report);

  double rate() const { return rate_; }  // bytes/s

 private:
  static constexpr Clock::duration kBurst = std::chrono::milliseconds(2);

  double rate_ = 1.25e6;  // to begin with: 10 Mbit/s
  bool doubles_ = true;
  Clock::time_point next_{};
};

}  // namespace geomx::ps
