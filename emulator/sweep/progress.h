#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

// How a sweep is going, for who watches it: a bar on a terminal, a line per run elsewhere, and for programs JSON
// objects, each on a line of its own (docs/sweeps.md).
namespace geomx::sweep {

struct SweepState {
  std::size_t done = 0;  // runs, ok or failed for good
  std::size_t total = 0;
  std::size_t failed = 0;
  std::size_t degraded = 0;
  int jobs = 1;
  double elapsed_seconds = 0;
  std::optional<double> seconds_left;
  struct Running {
    std::string label;
    double share = 0;  // of it that is done
  };
  std::vector<Running> running;
};

// Seconds until all is done: runs that wait and those that are left of, each taking the mean of those that ended,
// `jobs` at a time. `elapsed` of each that runs. Pure.
double seconds_left(double mean_seconds, std::size_t waiting, const std::vector<double>& elapsed, int jobs);

// "[####................] 12/60 runs  1 failed  5:10 left  rate=10Mbit sync=fsa 70%", cut to `width` columns; without
// the bar where that is 0.
std::string progress_line(const SweepState& state, std::size_t width);
std::string progress_json(const SweepState& state);

std::string minutes(double seconds);  // "1:05"

// One run that has ended.
struct EndedRun {
  std::int64_t run = 0;
  std::string label;    // its combination, and which repetition
  std::string outcome;  // "ok, faithful", "failed: ...; it is run again at the end"
  double seconds = 0;
  bool remarkable = false;  // worth a line on a terminal, too
};

class SweepProgress {
 public:
  enum class Mode { silent, automatic, json };
  explicit SweepProgress(Mode mode, std::FILE* stream = stderr);
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;
  ~SweepProgress();  // leaves a terminal's line empty

  void note(const std::string& text);
  void ended(const EndedRun& run, const SweepState& state);
  void update(const SweepState& state);

 private:
  void clear_line();
  void print(const std::string& line);

  std::FILE* stream_;
  Mode mode_;
  bool terminal_;
  bool line_shown_ = false;
  std::chrono::steady_clock::time_point last_line_;
};

}  // namespace geomx::sweep
