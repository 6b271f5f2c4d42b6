#include "emulator/sweep/runner.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>

#include "emulator/base/error.h"
#include "emulator/run/interrupts.h"
#include "emulator/sweep/run_process.h"
#include "emulator/sweep/schedule.h"

namespace geomx::sweep {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kBetweenUpdates(500);

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// What a run said last, without the program's name.
std::string reason(const RunProcess& process, int wait_status) {
  constexpr std::string_view kName = "geomx-emu: ";
  const std::string& words = process.last_words();
  if (WIFSIGNALED(wait_status) || words.empty()) return describe_exit(wait_status);
  return words.starts_with(kName) ? words.substr(kName.size()) : words;
}

Schedule::End end_of(const RunResult& result) {
  switch (result.outcome) {
    case Outcome::ok:
      return result.degraded() ? Schedule::End::degraded : Schedule::End::ok;
    case Outcome::interrupted:
      return Schedule::End::interrupted;
    default:
      return Schedule::End::failed;
  }
}

class Runner {
 public:
  Runner(Database& database, const SweepFolder& folder, const SweepOptions& options, SweepProgress& progress)
      : database_(database),
        folder_(folder),
        options_(options),
        progress_(progress),
        description_(database.description()),
        grid_(database.grid()),
        schedule_(waiting(), options.jobs) {}

  SweepEnd run() {
    const run::Interrupts interrupts;
    while (true) {
      if (!ending_) start_what_may();
      if (active_.empty()) break;
      wait(interrupts);
      end_what_takes_too_long();
      collect();
      show();
    }
    return ending_ ? SweepEnd::interrupted : SweepEnd::complete;
  }

 private:
  struct Active {
    RunProcess process;
    std::int64_t attempt;
    Clock::time_point start;
    bool over_limit = false;
  };

  std::vector<Waiting> waiting() {
    std::vector<Waiting> pending;
    for (RunRow& row : database_.runs()) {
      ++state_.total;
      if (row.status == "pending") {
        pending.push_back({row.id, row.failures, row.starved});
      } else {
        ++state_.done;
        state_.failed += row.status == "failed" ? 1 : 0;
        state_.degraded += row.verdict == "degraded" ? 1 : 0;
        count_time(row.wall_seconds);
      }
      rows_.emplace(row.id, std::move(row));
    }
    return pending;
  }

  void count_time(std::optional<double> wall_seconds) {
    if (!wall_seconds) return;
    time_ += *wall_seconds;
    ++timed_;
  }

  std::string label(const RunRow& row) const {
    std::string text = describe(grid_, grid_.points.at(static_cast<std::size_t>(row.point) - 1));
    if (description_.repeat > 1) text += fmt::format("{}#{}", text.empty() ? "" : " ", row.repetition);
    return text;
  }

  void start_what_may() {
    while (const auto run = schedule_.next()) start(rows_.at(*run));
  }

  void start(const RunRow& row) {
    const std::string folder = SweepFolder::run_folder(row.id);
    const fs::path out = folder_.path() / folder;
    const fs::path scenario = folder_.scenario(row.point);
    folder_.write(scenario.lexically_relative(folder_.path()),
                  grid_.points.at(static_cast<std::size_t>(row.point) - 1).scenario);
    fs::remove_all(out);  // an earlier attempt's results are not this one's
    const std::int64_t attempt = database_.begin_attempt(row.id, folder, static_cast<int>(schedule_.running()));
    const RunCommand command{{options_.program, "run", scenario.string(), "--out", out.string(), "--seed",
                              std::to_string(row.seed), "--shaper", description_.shaper, "--progress", "json"},
                             description_.directory,
                             folder_.lock_fd()};
    active_.emplace(row.id, Active{RunProcess(command), attempt, Clock::now()});
  }

  void wait(const run::Interrupts& interrupts) {
    std::vector<pollfd> fds;
    for (const auto& [run, active] : active_) {
      fds.push_back({active.process.pidfd(), POLLIN, 0});
      if (active.process.output() >= 0) fds.push_back({active.process.output(), POLLIN, 0});
    }
    Clock::time_point wake = next_update_;
    if (kill_at_) wake = std::min(wake, *kill_at_);
    try {
      interrupts.wait(fds, wake - Clock::now());
    } catch (const run::Interrupted& interrupted) {
      end_all(interrupted.what());
    }
  }

  void end_all(const std::string& why) {
    const bool again = ending_;
    ending_ = true;
    if (!again) {
      kill_at_ = Clock::now() + options_.patience;
      progress_.note(fmt::format("{}: ending {} (once more kills)", why,
                                 active_.size() == 1 ? "the run that goes on" : "the runs that go on"));
    }
    for (auto& [run, active] : active_) active.process.signal(again ? SIGKILL : SIGINT);
  }

  void end_what_takes_too_long() {
    const Clock::time_point now = Clock::now();
    if (kill_at_ && now >= *kill_at_) {
      for (auto& [run, active] : active_) active.process.signal(SIGKILL);
    }
    if (!options_.limit) return;
    for (auto& [run, active] : active_) {
      const Clock::time_point limit = active.start + *options_.limit;
      if (!active.over_limit && now >= limit) active.process.signal(SIGINT);
      active.over_limit = active.over_limit || now >= limit;
      if (now >= limit + options_.patience) active.process.signal(SIGKILL);
    }
  }

  void collect() {
    for (auto entry = active_.begin(); entry != active_.end();) {
      Active& active = entry->second;
      active.process.read();
      const auto status = active.process.poll_exit();
      if (!status) {
        ++entry;
        continue;
      }
      active.process.read();  // its last words
      ended(rows_.at(entry->first), active, *status);
      entry = active_.erase(entry);
    }
  }

  RunResult result_of(const RunRow& row, const Active& active, int wait_status) const {
    const std::string why = reason(active.process, wait_status);
    RunResult result = read_result(folder_.path() / SweepFolder::run_folder(row.id), why);
    const bool crashed = WIFSIGNALED(wait_status);
    if (ending_) {
      // One that came to its end before it heard of ours counts.
      if (crashed || result.outcome != Outcome::ok) result.outcome = Outcome::interrupted;
    } else if (active.over_limit && result.outcome != Outcome::ok) {
      result.outcome = Outcome::failed;
      result.error = fmt::format("took longer than the limit of {} s", seconds(Clock::duration(*options_.limit)));
    } else if (crashed) {
      result.outcome = Outcome::failed;
      result.error = why;
    } else if (result.outcome == Outcome::interrupted) {
      result.outcome = Outcome::failed;  // by somebody else
    }
    return result;
  }

  void ended(RunRow& row, const Active& active, int wait_status) {
    const RunResult result = result_of(row, active, wait_status);
    const int jobs_before = schedule_.jobs();
    const Verdict verdict = schedule_.ended(row.id, end_of(result));
    const bool pending = verdict != Verdict::done && verdict != Verdict::failed;
    row.status = pending ? "pending" : verdict == Verdict::failed ? "failed" : "ok";
    database_.end_attempt(active.attempt, result, row.status);
    const double took = seconds(Clock::now() - active.start);
    EndedRun report{row.id, label(row), {}, took, true};
    switch (verdict) {
      case Verdict::done:
        ++state_.done;
        state_.degraded += result.degraded() ? 1 : 0;
        count_time(took);
        report.outcome =
            fmt::format("ok, {}{}", *result.verdict, result.expectations_met ? "" : ", expectations unmet");
        report.remarkable = result.degraded();
        break;
      case Verdict::failed:
        ++state_.done;
        ++state_.failed;
        report.outcome = "failed again: " + result.error.value_or("");
        break;
      case Verdict::repeat_after_failure:
        report.outcome = "failed: " + result.error.value_or("") + "; it is run once more, behind the others";
        break;
      case Verdict::repeat_alone:
        report.outcome = "degraded beside others: it is repeated alone";
        break;
      case Verdict::not_run:
        report.outcome = "interrupted";
        break;
    }
    update_state(row.id);
    progress_.ended(report, state_);
    if (schedule_.jobs() < jobs_before) {
      progress_.note(fmt::format("runs beside each other were degraded: from now on {} at once instead of {}",
                                 schedule_.jobs(), jobs_before));
    }
  }

  // `but`: a run that has just ended.
  void update_state(std::int64_t but = 0) {
    state_.jobs = schedule_.jobs();
    state_.elapsed_seconds = seconds(Clock::now() - begin_);
    state_.running.clear();
    std::vector<double> elapsed;
    for (const auto& [run, active] : active_) {
      if (run == but) continue;
      state_.running.push_back({label(rows_.at(run)), active.process.share()});
      elapsed.push_back(seconds(Clock::now() - active.start));
    }
    if (timed_ > 0) {
      state_.seconds_left =
          seconds_left(time_ / static_cast<double>(timed_), schedule_.waiting(), elapsed, state_.jobs);
    }
  }

  void show() {
    if (Clock::now() < next_update_) return;
    next_update_ = Clock::now() + kBetweenUpdates;
    update_state();
    progress_.update(state_);
  }

  Database& database_;
  const SweepFolder& folder_;
  const SweepOptions& options_;
  SweepProgress& progress_;
  const Description description_;
  const Grid grid_;
  SweepState state_;
  std::map<std::int64_t, RunRow> rows_;
  double time_ = 0;  // of the runs that are over, in seconds
  std::size_t timed_ = 0;
  Schedule schedule_;  // after what waiting() fills
  std::map<std::int64_t, Active> active_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point next_update_ = begin_;
  std::optional<Clock::time_point> kill_at_;
  bool ending_ = false;
};

}  // namespace

SweepEnd run_pending(Database& database, const SweepFolder& folder, const SweepOptions& options,
                     SweepProgress& progress) {
  return Runner(database, folder, options, progress).run();
}

}  // namespace geomx::sweep
