#include "emulator/shaper/codel.h"

#include <cmath>

namespace geomx::shaper {
namespace {

// RFC 8289, 4.4: a queue that holds no more than a packet is never too long.
constexpr std::uint64_t kFullFrame = 1514;

}  // namespace

Nanoseconds Codel::next_after(Nanoseconds time) const {
  return time + Nanoseconds(std::llround(static_cast<double>(settings_.interval.count()) /
                                         std::sqrt(static_cast<double>(count_))));
}

bool Codel::too_long(Nanoseconds now, Nanoseconds sojourn, std::uint64_t left) {
  if (sojourn < settings_.target || left <= kFullFrame) {
    above_ = false;
    return false;
  }
  if (!above_) {
    above_ = true;
    first_above_ = now + settings_.interval;
    return false;
  }
  return now >= first_above_;
}

bool Codel::hits(Nanoseconds now, Nanoseconds sojourn, std::uint64_t left) {
  const bool high = too_long(now, sojourn, left);
  if (entered_) {
    entered_ = false;  // the packet behind the first one that was hit goes free, whatever its sojourn
    return false;
  }
  if (dropping_) {
    if (!high) dropping_ = false;
    if (!dropping_ || now < drop_next_) return false;
    ++count_;
    drop_next_ = next_after(drop_next_);
    return true;
  }
  if (!high) return false;
  dropping_ = true;
  entered_ = !settings_.ecn;  // a marked packet is sent itself; nobody is behind it yet
  // Where the last time of dropping is not long ago, its frequency was about right.
  const std::uint32_t delta = count_ - last_count_;
  count_ = delta > 1 && now - drop_next_ < 16 * settings_.interval ? delta : 1;
  drop_next_ = next_after(now);
  last_count_ = count_;
  return true;
}

void Codel::rest() {
  above_ = false;
  dropping_ = false;
  entered_ = false;
}

}  // namespace geomx::shaper
