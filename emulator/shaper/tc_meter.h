#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "emulator/base/units.h"

// The rate that tc really gives. The kernel counts bytes, but not the time during which packets waited, so a thread
// looks at the qdiscs again and again. Between two looks the link was busy without a pause if more waited at the first
// than could leave until the second; how much waits therefore decides when to look next.
namespace geomx::shaper {

// Adds up the busy time between looks. Pure.
class BusyTime {
 public:
  struct Look {
    Nanoseconds at{0};
    std::uint64_t bytes = 0;    // sent so far
    std::uint64_t backlog = 0;  // bytes that wait now
  };
  // Counts what lies between the last look and this one if the backlog then was a quarter more than `rate` sends in
  // that time: the link was busy throughout, or is faster than asked by a quarter, which the sum then says as well.
  // Judged by the asked rate and not by the bytes sent, which would choose the slower ones of otherwise equal times.
  void add(const Look& look, BitsPerSecond rate);
  // What the next look finds has nothing to do with the last one.
  void forget() { last_.reset(); }

  std::uint64_t nanoseconds() const { return nanoseconds_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::optional<Look> last_;
  std::uint64_t nanoseconds_ = 0;
  std::uint64_t bytes_ = 0;
};

// One egress that tc shapes.
class Metered {
 public:
  Metered() = default;
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;
  // Returns how soon it should be looked at again. Called by the meter's thread; must not throw.
  virtual Nanoseconds look() = 0;

 protected:
  ~Metered() = default;
};

// How soon to look again at a link on which so much waits: well before it can all have left, but no sooner than after
// 0.5 ms and no later than after 10.
Nanoseconds until_next_look(std::uint64_t backlog, BitsPerSecond rate);

// The thread: looks at each egress when it is due, and at no more than 8 within a millisecond; where more are due they
// take turns, and are measured for less of their time. One look takes some microseconds. Thread-safe.
class TcMeter {
 public:
  TcMeter();
  ~TcMeter();
  TcMeter(const TcMeter&) = delete;
  TcMeter& operator=(const TcMeter&) = delete;

  void add(Metered& egress);
  void remove(Metered& egress);  // it is not looked at any more once this returns

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Metered* egress;
    Clock::time_point due;
  };
  void run();
  // Looks at those that are due, longest overdue first, and returns when to go on.
  Clock::time_point take_turn();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool changed_ = false;  // stopping, or there is a new entry
  bool stopping_ = false;
  std::vector<Entry> entries_;
  std::thread thread_;
};

}  // namespace geomx::shaper
