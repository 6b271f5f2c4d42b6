#include "emulator/cli/scenario_options.h"

#include <CLI/CLI.hpp>

#include "emulator/scenario/parse.h"

namespace geomx::cli {

void add_scenario_options(CLI::App& app, ScenarioOptions& options) {
  app.add_option("SCENARIO", options.path, "The scenario file")->required();
  app.add_option("--set", options.set, "Override a value, for example topology.links.*.rate=10Mbit; may be repeated")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false);
  app.add_option("--shaper", options.shaper, "What shapes the links: auto (default), tc or wire")
      ->type_name("KIND")
      ->check(CLI::IsMember({"auto", "tc", "wire"}));
  app.add_option("--seed", options.seed, "Seed of everything random, in place of the file's")->type_name("N");
}

void add_progress(CLI::App& app, std::string& progress) {
  app.add_option("--progress", progress,
                 "How progress is shown on standard error: auto (default), or json, an object per line for programs")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"auto", "json"}));
}

scenario::Scenario load(const ScenarioOptions& options) {
  scenario::Scenario scenario = scenario::load(options.path, options.set);
  if (options.seed) {
    scenario.seed = *options.seed;
    scenario.seed_given = true;
  }
  return scenario;
}

shaper::Choice choice(const ScenarioOptions& options) {
  if (options.shaper == "tc") return shaper::Choice::tc;
  if (options.shaper == "wire") return shaper::Choice::wire;
  return shaper::Choice::auto_;
}

}  // namespace geomx::cli
