#include "tests/bench/lab_runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/run_database.h"

namespace geomx::bench {
namespace fs = std::filesystem;
namespace {

fs::path program() {
  return fs::read_symlink("/proc/self/exe").parent_path() / "geomx-emu";
}

bool ended_well(const fs::path& run) {
  std::ifstream file(run / "summary.json");
  return file && nlohmann::json::parse(file, nullptr, false).value("status", "") == "ok";
}

constexpr const char* kAsked = "asked.json";  // in a run's folder: scenario and settings

bool was_asked(const fs::path& run, const nlohmann::json& asked) {
  std::ifstream file(run / kAsked);
  return file && nlohmann::json::parse(file, nullptr, false) == asked;
}

}  // namespace

LabRuns::LabRuns(fs::path folder, nlohmann::ordered_json scenario)
    : folder_(std::move(folder)), scenario_(std::move(scenario)) {}

fs::path LabRuns::run(const std::string& name, const std::vector<std::string>& settings) const {
  const fs::path folder = folder_ / name;
  const nlohmann::json asked{{"scenario", scenario_}, {"settings", settings}};
  if (was_asked(folder, asked) && ended_well(folder)) return folder;
  fs::create_directories(folder_);
  const fs::path input = folder_ / "scenario.json";
  std::ofstream(input) << scenario_.dump(2);
  std::vector<std::string> argv{program(), "run", input, "--quiet", "--out", folder};
  for (const std::string& setting : settings) {
    argv.emplace_back("--set");
    argv.push_back(setting);
  }
  fmt::print(stderr, "{}: {}\n", name, fmt::join(settings, " "));
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> arguments;
    for (std::string& argument : argv) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !ended_well(folder)) {
    throw std::runtime_error(fmt::format("{}: the run failed; see {}", name, folder.string()));
  }
  std::ofstream(folder / kAsked) << asked.dump(2);
  return folder;
}

nlohmann::ordered_json summary(const fs::path& run) {
  std::ifstream file(run / "summary.json");
  return nlohmann::ordered_json::parse(file);
}

double training_seconds(const fs::path& run, int round) {
  return test::single(run, fmt::format("SELECT time FROM evaluations WHERE round = {}", round)) -
         test::single(run, "SELECT min(time) FROM events WHERE kind = 'phase' AND detail = 'training'") -
         test::single(run, fmt::format("SELECT sum(evaluate_ms) / 1000 FROM evaluations WHERE round <= {}", round));
}

}  // namespace geomx::bench
