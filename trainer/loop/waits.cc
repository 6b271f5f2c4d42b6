#include "trainer/loop/waits.h"

#include <algorithm>

namespace geomx::trainer {
namespace {

// Of a wait, what lies between two moments.
double milliseconds_between(const Wait& wait, Wait::TimePoint from, Wait::TimePoint to) {
  const auto begin = std::clamp(from, wait.begin, wait.end);
  const auto end = std::clamp(to, begin, wait.end);
  return std::chrono::duration<double, std::milli>(end - begin).count();
}

}  // namespace

void split_waits(const std::vector<Wait>& waits, const std::optional<ps::RoadTimes>& roads, StepReport& report) {
  constexpr auto kFirst = Wait::TimePoint::min();
  constexpr auto kLast = Wait::TimePoint::max();
  const auto pushed = roads ? roads->pushed : kFirst;
  const auto answered = roads ? roads->answered : kLast;
  report.push_ms = report.wait_ms = report.pull_ms = 0;
  for (const Wait& wait : waits) {
    report.push_ms += milliseconds_between(wait, kFirst, pushed);
    report.wait_ms += milliseconds_between(wait, pushed, answered);
    report.pull_ms += milliseconds_between(wait, answered, kLast);
  }
  report.communicate_ms = report.push_ms + report.wait_ms + report.pull_ms;
}

}  // namespace geomx::trainer
