#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"
#include "emulator/shaper/direction.h"

namespace CLI {
class App;
}

// What `run`, `up` and `plan` have in common on their command lines: which scenario, with which changes. `check` judges
// the file whatever the machine, and neither seed nor shaper could change its verdict: it takes --set alone.
namespace geomx::cli {

struct ScenarioOptions {
  std::string path;
  std::vector<std::string> set;  // --set PATH=VALUE, in the order given
  std::string shaper = "auto";   // --shaper auto|tc|wire
  std::optional<std::uint64_t> seed;
};

// Adds the positional SCENARIO and --set, --shaper, --seed. `options` must outlive the parsing.
void add_scenario_options(CLI::App& app, ScenarioOptions& options);

// --progress of `run` and `up`: auto or json.
void add_progress(CLI::App& app, std::string& progress);

// The file with every --set and --seed applied, validated. Throws InputError whose text lists every error at once.
scenario::Scenario load(const ScenarioOptions& options);

shaper::Choice choice(const ScenarioOptions& options);

}  // namespace geomx::cli
