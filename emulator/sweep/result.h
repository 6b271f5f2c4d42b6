#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

// What came of one run, as its folder tells.
namespace geomx::sweep {

// How an attempt at a run has ended. `killed`: the sweep was, and the run with it.
enum class Outcome { ok, failed, interrupted, killed };
const char* to_string(Outcome outcome);

struct RunResult {
  Outcome outcome = Outcome::failed;
  std::optional<std::string> error;    // one line, where the outcome is not ok
  std::optional<std::string> verdict;  // faithful, degraded, not measured; none: the run never came to it
  bool expectations_met = true;
  double wall_seconds = 0;
  std::optional<double> round_s;          // mean of the rounds after the first, as the slowest worker has each
  std::map<std::string, double> metrics;  // numbers of summary.json by their path in it: "training.wan_bytes"
  bool degraded() const { return verdict == "degraded"; }
};

// Reads summary.json, and run.sqlite for the rounds. A folder without a whole summary is a failed run; `fallback` then
// says why. Never throws for what is in the folder.
RunResult read_result(const std::filesystem::path& run_folder, const std::string& fallback);

}  // namespace geomx::sweep
