#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "emulator/base/units.h"

// The rate that tc really gives. The kernel counts bytes, but not the time during which packets waited, so a thread
// looks at the qdiscs again and again. Between two looks the link was busy without a pause if more waited at the first
// than could leave until the second.
namespace geomx::shaper {

// Adds up the busy time between looks. Pure.
class BusyTime {
 public:
  struct Look {
    Nanoseconds at{0};
    std::uint64_t bytes = 0;    // sent so far
    std::uint64_t backlog = 0;  // bytes that wait now
  };
  // Counts what lies between the last look and this one if the backlog then was half as much again as `rate` sends in
  // that time: the link was busy throughout, or is faster than asked by half, which the sum then says as well. Judged
  // by the asked rate and not by the bytes sent, which would choose the slower ones of otherwise equal times.
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
  // True where packets wait for the rate. Called by the meter's thread; must not throw.
  virtual bool look() = 0;

 protected:
  ~Metered() = default;
};

// The thread: looks every 10 ms at each egress on which packets wait, every 50 ms at the others, and at no more than 64
// in a turn. One look takes some microseconds. Thread-safe.
class TcMeter {
 public:
  TcMeter();
  ~TcMeter();
  TcMeter(const TcMeter&) = delete;
  TcMeter& operator=(const TcMeter&) = delete;

  void add(Metered& egress);
  void remove(Metered& egress);  // it is not looked at any more once this returns

 private:
  struct Entry {
    Metered* egress;
    int rest = 0;  // turns until the next look
  };
  void run();
  void take_turn();

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<Entry> entries_;
  std::size_t next_ = 0;  // the entry with which the next turn begins
  std::thread thread_;
};

}  // namespace geomx::shaper
