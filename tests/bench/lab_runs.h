#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// Runs of geomx-emu for benchmarks that take hours: what has been run once is kept, and not run again.
namespace geomx::bench {

// `geomx-emu run SCENARIO --set ...`, each in a folder of its own below `folder`. Errors: std::runtime_error.
class LabRuns {
 public:
  LabRuns(std::filesystem::path folder, nlohmann::ordered_json scenario);

  // The folder of the run NAME, which has ended well before, with these settings, or does so now.
  std::filesystem::path run(const std::string& name, const std::vector<std::string>& settings) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  nlohmann::ordered_json scenario_;
};

nlohmann::ordered_json summary(const std::filesystem::path& run);

// Seconds from the start of training to the evaluation after `round`, without the time that evaluations took.
double training_seconds(const std::filesystem::path& run, int round);

}  // namespace geomx::bench
