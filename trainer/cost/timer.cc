#include "trainer/cost/timer.h"

#include "trainer/tensor/error.h"

namespace geomx::trainer {

void RealTimer::sleep_until(Clock::time_point when) {
  std::unique_lock lock(mutex_);
  if (ended_.wait_until(lock, when, [&] { return !why_.empty(); })) throw Error(why_);
}

void RealTimer::end(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    if (why_.empty()) why_ = why.empty() ? "ended" : why;
  }
  ended_.notify_all();
}

}  // namespace geomx::trainer
