#pragma once

#include <cstdint>

#include "emulator/base/units.h"
#include "emulator/shaper/direction.h"

// CoDel, "controlled delay": drops, or marks, at the head of a queue whose packets have waited longer than the target
// for a whole interval; and then ever sooner, by the square root of how many (Nichols and Jacobson, RFC 8289, whose
// pseudo-code this is, turned inside out: the queue asks about each packet that comes to its head). Pure.
namespace geomx::shaper {

class Codel {
 public:
  explicit Codel(const CodelSettings& settings) : settings_(settings) {}
  // What it has learnt is kept.
  void change(const CodelSettings& settings) { settings_ = settings; }
  const CodelSettings& settings() const { return settings_; }

  // Whether the packet that is taken off the queue at `now`, `sojourn` after its arrival, is to be dropped (or marked).
  // `left`: the bytes behind it.
  bool hits(Nanoseconds now, Nanoseconds sojourn, std::uint64_t left);
  // The queue is empty.
  void rest();

 private:
  bool too_long(Nanoseconds now, Nanoseconds sojourn, std::uint64_t left);
  Nanoseconds next_after(Nanoseconds time) const;

  CodelSettings settings_;
  bool above_ = false;
  Nanoseconds first_above_{0};  // when the sojourn time will have been too long for an interval
  bool dropping_ = false;
  bool entered_ = false;  // with the last packet
  Nanoseconds drop_next_{0};
  std::uint32_t count_ = 0;
  std::uint32_t last_count_ = 0;
};

}  // namespace geomx::shaper
