#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

// Which run is next, how many run at once, and what becomes of one that has ended. Pure.
//
// Several labs on one machine may starve each other; whether they did is what their fidelity verdicts say. A run that
// comes back degraded after others ran beside it halves the number at once, and is repeated with the machine to itself.
// One that fails is repeated once, behind all others.
namespace geomx::sweep {

inline constexpr int kMostFailures = 2;

struct Waiting {
  std::int64_t run = 0;
  int failures = 0;  // so far
  bool alone = false;
};

// What is to be said of a run that has ended.
enum class Verdict { done, failed, repeat_after_failure, repeat_alone, not_run };

class Schedule {
 public:
  // In this order, but for those that are to run alone, which come first. jobs >= 1.
  Schedule(const std::vector<Waiting>& waiting, int jobs);

  // The run to be started now, which counts as running from here on; nullopt: none may, before another ends.
  std::optional<std::int64_t> next();
  enum class End { ok, degraded, failed, interrupted };
  Verdict ended(std::int64_t run, End end);

  int jobs() const { return jobs_; }  // how many may run at once; never grows
  std::size_t running() const { return running_.size(); }
  std::size_t waiting() const { return alone_.size() + waiting_.size(); }
  bool finished() const { return running() == 0 && waiting() == 0; }

 private:
  struct Running {
    Waiting waiting;
    int jobs = 1;          // when it began
    bool company = false;  // another ran meanwhile
  };
  std::int64_t start(std::deque<Waiting>& queue);

  std::deque<Waiting> alone_;
  std::deque<Waiting> waiting_;
  std::map<std::int64_t, Running> running_;
  int jobs_;
};

}  // namespace geomx::sweep
