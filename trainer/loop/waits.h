#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "ps/worker/road_clock.h"
#include "trainer/loop/observer.h"

namespace geomx::trainer {

// A time during which a worker waited for parameters.
struct Wait {
  using TimePoint = std::chrono::steady_clock::time_point;
  TimePoint begin;
  TimePoint end;
};

// Fills in communicate_ms, the sum of the waits, and what of it was spent on what: while the round's last push was on
// its way (push_ms), until the last answer had left (wait_ms), and from there on (pull_ms). What came while the worker
// computed took no time of its own. Without roads, all is waiting.
void split_waits(const std::vector<Wait>& waits, const std::optional<ps::RoadTimes>& roads, StepReport& report);

}  // namespace geomx::trainer
