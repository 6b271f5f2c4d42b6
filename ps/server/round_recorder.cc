#include "ps/server/round_recorder.h"

#include <algorithm>
#include <utility>

namespace geomx::ps {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void RoundRecorder::came() {
  const std::lock_guard lock(mutex_);
  if (begun_) return;
  begun_ = Clock::now();
  if (roads_) roads_();  // of the first values
}

void RoundRecorder::gathered(std::uint64_t round) {
  const std::lock_guard lock(mutex_);
  open_[round].gathered = Clock::now();
}

void RoundRecorder::answered(std::uint64_t round, std::size_t chunks) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(round);
  if (found == open_.end() || ++found->second.answered < chunks) return;
  const TimePoint gathered = found->second.gathered;
  open_.erase(open_.begin(), std::next(found));
  const TimePoint end = Clock::now();
  const TimePoint begun = std::min(std::exchange(begun_, end).value_or(gathered), gathered);
  ServerRound times{.round = round, .gather = seconds(gathered - begun)};
  const std::optional<RoadTimes> roads = roads_ ? roads_() : std::nullopt;
  if (roads) {
    const TimePoint pushed = std::clamp(roads->pushed, gathered, end);
    const TimePoint left = std::clamp(roads->answered, pushed, end);
    times.push = seconds(pushed - gathered);
    times.wait = seconds(left - pushed);
    times.pull = seconds(end - left);
  } else {
    times.compute = seconds(end - gathered);
  }
  told_(times);
}

}  // namespace geomx::ps
