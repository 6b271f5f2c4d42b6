#include "ps/sync/esync.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace geomx::ps {
namespace {

constexpr double kShortest = 1e-6;  // seconds
constexpr double kLongest = 1e6;
constexpr std::size_t kFewest = 3;  // reports, for a median
constexpr std::size_t kWindow = 9;

// Written so that NaN becomes the shortest.
double sane(double seconds, double shortest) {
  return seconds > shortest ? std::min(seconds, kLongest) : shortest;
}

double median(const std::deque<EsyncPlanner::Report>& reports, double EsyncPlanner::Report::*time) {
  std::vector<double> times;
  for (const EsyncPlanner::Report& report : reports) times.push_back(report.*time);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

std::uint32_t EsyncPlanner::steps(std::uint64_t worker, const Report& report, std::uint32_t most) {
  const auto [found, first] = workers_.try_emplace(worker);
  if (first) return 1;
  auto& [last, mine] = found->second;
  last.push_back({sane(report.step_seconds, kShortest), sane(report.road_seconds, 0)});
  if (last.size() < kFewest) return 1;
  if (last.size() > kWindow) last.pop_front();
  mine = {median(last, &Report::step_seconds), median(last, &Report::road_seconds)};
  double slowest = 0;
  for (const auto& [id, other] : workers_) {
    slowest = std::max(slowest, other.usual.step_seconds + other.usual.road_seconds);
  }
  // A quotient that rounding has put a hair below a whole number is that number.
  const double steps = std::floor((slowest - mine.road_seconds) / mine.step_seconds + 1e-9);
  return static_cast<std::uint32_t>(std::clamp(steps, 1.0, static_cast<double>(std::max(most, 1U))));
}

}  // namespace geomx::ps
