#include "ps/sync/esync.h"

#include <algorithm>
#include <cmath>

namespace geomx::ps {
namespace {

constexpr double kShortest = 1e-6;  // seconds
constexpr double kLongest = 1e6;

// Written so that NaN becomes the shortest.
double sane(double seconds, double shortest) {
  return seconds > shortest ? std::min(seconds, kLongest) : shortest;
}

}  // namespace

std::uint32_t EsyncPlanner::steps(std::uint64_t worker, const Report& report, std::uint32_t most) {
  const Report mine{sane(report.step_seconds, kShortest), sane(report.road_seconds, 0)};
  reports_[worker] = mine;
  double slowest = 0;
  for (const auto& [other, times] : reports_) slowest = std::max(slowest, times.step_seconds + times.road_seconds);
  // A quotient that rounding has put a hair below a whole number is that number.
  const double steps = std::floor((slowest - mine.road_seconds) / mine.step_seconds + 1e-9);
  return static_cast<std::uint32_t>(std::clamp(steps, 1.0, static_cast<double>(std::max(most, 1U))));
}

}  // namespace geomx::ps
