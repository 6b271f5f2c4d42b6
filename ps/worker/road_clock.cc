#include "ps/worker/road_clock.h"

#include <algorithm>
#include <utility>

namespace geomx::ps {
namespace {

using TimePoint = RoadTimes::TimePoint;

constexpr double kDrift = 1e-4;  // seconds per second

double seconds(TimePoint::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

TimePoint at(double time) {
  return TimePoint(std::chrono::duration_cast<TimePoint::duration>(std::chrono::duration<double>(time)));
}

std::uint64_t microseconds(TimePoint::duration duration) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

void stamp(proto::Data& answer, TimePoint arrived) {
  answer.set_arrived(microseconds(arrived.time_since_epoch()));
  answer.set_held(microseconds(std::chrono::steady_clock::now() - arrived));
}

void RoadClock::note(NodeId server, TimePoint sent, TimePoint received, const proto::Data& answer) {
  if (answer.arrived() == 0) return;  // not stamped
  const double there = 1e-6 * static_cast<double>(answer.arrived());
  const double held = 1e-6 * static_cast<double>(answer.held());
  const double road = seconds(received - sent) - held;
  const auto [found, first] = servers_.try_emplace(server);
  Known& known = found->second;
  if (first || road <= known.road + kDrift * seconds(received - known.since)) {
    known = {there - seconds(sent.time_since_epoch()) - road / 2, road, received};
  }
  // A push is not there before it was sent, and an answer has left before it is here.
  const TimePoint pushed = std::clamp(at(there - known.offset), sent, received);
  const TimePoint answered = std::clamp(at(there + held - known.offset), pushed, received);
  if (!times_) times_ = RoadTimes{pushed, answered, received};
  times_->pushed = std::max(times_->pushed, pushed);
  times_->answered = std::max(times_->answered, answered);
  times_->received = std::max(times_->received, received);
}

std::optional<RoadTimes> RoadClock::take() {
  return std::exchange(times_, std::nullopt);
}

}  // namespace geomx::ps
