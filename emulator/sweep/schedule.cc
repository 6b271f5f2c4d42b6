#include "emulator/sweep/schedule.h"

#include <algorithm>

namespace geomx::sweep {

Schedule::Schedule(const std::vector<Waiting>& waiting, int jobs) : jobs_(std::max(1, jobs)) {
  for (const Waiting& each : waiting) (each.alone ? alone_ : waiting_).push_back(each);
}

std::int64_t Schedule::start(std::deque<Waiting>& queue) {
  const Waiting chosen = queue.front();
  queue.pop_front();
  for (auto& [run, other] : running_) other.company = true;
  running_[chosen.run] = {chosen, jobs_, !running_.empty()};
  return chosen.run;
}

std::optional<std::int64_t> Schedule::next() {
  const bool alone_runs = running_.size() == 1 && running_.begin()->second.waiting.alone;
  if (!alone_.empty()) return running_.empty() ? std::optional(start(alone_)) : std::nullopt;
  if (waiting_.empty() || alone_runs || running_.size() >= static_cast<std::size_t>(jobs_)) return std::nullopt;
  return start(waiting_);
}

Verdict Schedule::ended(std::int64_t run, End end) {
  const auto found = running_.find(run);
  if (found == running_.end()) return Verdict::not_run;
  Running running = found->second;
  running_.erase(found);
  switch (end) {
    case End::ok:
      return Verdict::done;
    case End::degraded:
      if (!running.company) return Verdict::done;
      // Those that ran together are starved together: they halve it once.
      jobs_ = std::min(jobs_, std::max(1, running.jobs / 2));
      running.waiting.alone = true;
      alone_.push_back(running.waiting);
      return Verdict::repeat_alone;
    case End::failed:
      if (++running.waiting.failures >= kMostFailures) return Verdict::failed;
      (running.waiting.alone ? alone_ : waiting_).push_back(running.waiting);
      return Verdict::repeat_after_failure;
    case End::interrupted:
      return Verdict::not_run;
  }
  return Verdict::done;
}

}  // namespace geomx::sweep
