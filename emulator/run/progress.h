#pragma once

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "emulator/run/job.h"
#include "emulator/run/recorder.h"

// How a run is going, for who watches it: a bar on a terminal, a line every few seconds elsewhere, and for programs
// JSON objects, each on a line of its own (docs/run-folder.md, "Progress for programs").
namespace geomx::run {

struct ProgressState {
  double elapsed_seconds = 0;
  std::optional<std::int64_t> total_rounds;
  std::optional<TrainingResult> training;  // nullopt: the scenario has none
  std::optional<Job::Tally> commands;      // of a workload, those in the foreground
  std::vector<Recorder::WanRate> wan_rates;
  std::string waiting_for;  // shown while no round is done yet
};

// "[#######.......] 123/469 rounds  loss 0.532  accuracy 81.2%  2150 samples/s  central->a 12.3Mbit  1:05 left",
// without the bar where `width` is 0, cut to `width` columns elsewhere. Of a workload:
// "0:12  [#####...............] 1/4 commands  waiting for h1: client, h2: ping  a->b 94.1Mbit"
std::string progress_line(const ProgressState& state, std::size_t width);

// {"type":"progress",...} without a line break; what is not known is left out.
std::string progress_json(const ProgressState& state);

class ProgressView {
 public:
  enum class Mode { silent, automatic, json };
  explicit ProgressView(Mode mode, std::FILE* stream = stderr);
  ProgressView(const ProgressView&) = delete;
  ProgressView& operator=(const ProgressView&) = delete;
  ~ProgressView();  // leaves a terminal's line empty

  void step(const std::string& what);  // something that happens once: "lab up in 0.08 s"
  void update(const ProgressState& state);
  // For programs alone: where the run writes to, and what its lab is called. They come before anything is in there.
  void begin(const std::string& scenario, const std::string& folder);
  void lab(const std::string& name);

 private:
  void clear_line();
  void print(const std::string& line);

  std::FILE* stream_;
  bool silent_;
  bool json_;
  bool terminal_;
  bool line_shown_ = false;
  bool training_ = false;  // a round has been seen: worth a line at once
  std::chrono::steady_clock::time_point next_line_{};
};

}  // namespace geomx::run
