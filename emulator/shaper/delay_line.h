#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "emulator/shaper/bottleneck.h"
#include "emulator/shaper/frame.h"

// The frames that are on their way: those that keep their order, and those that need not. Pure.
namespace geomx::shaper {

struct Travelling {
  Frame frame;
  Time finish{0};                // end of serialisation
  Time release{0};               // due to leave
  std::uint64_t busy_bytes = 0;  // sent since the last frame that waited for the rate, this one included
  Nanoseconds busy_time{0};      // of an unordered frame: in this time
  bool ordered = true;
};

class DelayLine {
 public:
  // An ordered frame's release must not be before the last ordered one's.
  void push(Travelling frame);

  bool empty() const { return ordered_.empty() && unordered_.empty(); }
  bool in_order() const { return unordered_.empty(); }
  std::uint64_t bytes() const { return bytes_; }  // of memory that the frames take
  // Of the frame that is due first. REQUIRES: not empty, here and below.
  Time next_release() const;
  Travelling take();

 private:
  struct Unordered {
    Travelling frame;
    std::uint64_t number = 0;  // frames that are due at the same time leave in the order in which they came
  };
  struct Later {
    bool operator()(const Unordered& a, const Unordered& b) const {
      return a.frame.release != b.frame.release ? a.frame.release > b.frame.release : a.number > b.number;
    }
  };
  bool unordered_first() const;

  std::deque<Travelling> ordered_;
  std::vector<Unordered> unordered_;  // a heap
  std::uint64_t pushed_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace geomx::shaper
