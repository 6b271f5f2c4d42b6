#include "emulator/shaper/delay_line.h"

#include <algorithm>
#include <utility>

namespace geomx::shaper {

void DelayLine::push(Travelling frame) {
  bytes_ += frame.frame.memory();
  if (frame.ordered) {
    ordered_.push_back(std::move(frame));
    return;
  }
  unordered_.push_back({std::move(frame), pushed_++});
  std::push_heap(unordered_.begin(), unordered_.end(), Later());
}

bool DelayLine::unordered_first() const {
  return !unordered_.empty() && (ordered_.empty() || unordered_.front().frame.release <= ordered_.front().release);
}

Time DelayLine::next_release() const {
  return unordered_first() ? unordered_.front().frame.release : ordered_.front().release;
}

Travelling DelayLine::take() {
  if (!unordered_first()) {
    Travelling frame = std::move(ordered_.front());
    ordered_.pop_front();
    bytes_ -= frame.frame.memory();
    return frame;
  }
  std::pop_heap(unordered_.begin(), unordered_.end(), Later());
  Travelling frame = std::move(unordered_.back().frame);
  unordered_.pop_back();
  bytes_ -= frame.frame.memory();
  return frame;
}

}  // namespace geomx::shaper
