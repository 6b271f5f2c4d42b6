#include "emulator/cli/run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "emulator/base/error.h"
#include "emulator/cli/command_line.h"
#include "emulator/cli/scenario_options.h"
#include "emulator/cli/shortages.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"
#include "emulator/run/checkpoints.h"
#include "emulator/run/environment.h"
#include "emulator/run/progress.h"
#include "emulator/run/runner.h"
#include "emulator/run/table.h"
#include "emulator/run/tasks.h"

namespace geomx::cli {
namespace {

constexpr double kLongestPatience = 24 * 3600;

struct Options {
  ScenarioOptions scenario;
  std::string out;
  std::optional<double> stall;
  bool json = false;
  bool quiet = false;
  std::string progress = "auto";
  bool strict = false;
};

int run_scenario(const Options& options) {
  const scenario::Scenario scenario = load(options.scenario);
  if (!scenario.training && scenario.workload.empty()) {
    throw InputError(options.scenario.path, "the scenario has neither \"training\" nor \"workload\": nothing to run",
                     "geomx-emu up " + options.scenario.path + " brings its network up");
  }
  if (scenario.training) run::find_node_program();
  lab::Plan plan = lab::make_plan(scenario, lab::probe_kernel(), choice(options.scenario));
  warn_of(shortages_here(scenario, plan, true), options.scenario.path, options.strict, options.quiet);
  const auto out = options.out.empty() ? std::nullopt : std::optional<std::filesystem::path>(options.out);
  run::require_checkpoints(scenario, out);
  const run::RunFolder folder = run::RunFolder::create(scenario.name, out);

  run::RunOptions run_options;
  run_options.stall = options.stall ? std::chrono::milliseconds(static_cast<std::int64_t>(*options.stall * 1000))
                                    : run::usual_stall(scenario);
  run_options.command_line = command_line();
  run::Summary summary;
  {
    using Mode = run::ProgressView::Mode;
    run::ProgressView view(options.quiet ? Mode::silent : options.progress == "json" ? Mode::json : Mode::automatic);
    summary = run::execute(scenario, std::move(plan), folder, run_options, view);
  }
  if (summary.error) fmt::print(stderr, "geomx-emu: {}\n", *summary.error);
  if (options.json) {
    fmt::print("{}\n", run::to_json(summary).dump(2));
  } else if (!options.quiet) {
    fmt::print("{}", run::closing_table(scenario.name, summary, folder.path()));
  }
  if (options.quiet) {
    for (const run::ExpectationResult& result : summary.expectations) {
      if (!result.met) fmt::print(stderr, "geomx-emu: expected {}: not met\n", run::describe(result.expectation));
    }
  }
  return run::exit_code(summary);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "Build the network, run the job in it, say what came of it");
  add_scenario_options(*command, options->scenario);
  command->add_option("--out", options->out, "The run folder (default: runs/NAME-DATE-TIME)")->type_name("DIR");
  command
      ->add_option("--stall", options->stall,
                   "Fail training after so many seconds without any step or traffic (default: 120, or longer where the "
                   "scenario's rejoin_timeout is)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1.0, kLongestPatience));
  command->add_flag("--json", options->json, "Print summary.json on standard output in place of the table");
  command->add_flag("--quiet", options->quiet, "Print nothing but errors");
  add_progress(*command, options->progress);
  command->add_flag("--strict", options->strict, "Refuse a scenario that this machine is too small for");
  command->footer(
      "Examples:\n"
      "  geomx-emu run scenarios/three-dc.json\n"
      "  geomx-emu run scenarios/three-dc.json --set topology.links.*.rate=10Mbit --set training.rounds=50 --out slow\n"
      "  geomx-emu run scenarios/lossy-link.json --seed 3 --shaper wire --json\n"
      "docs/run-folder.md says what the run folder holds; docs/scenario.md what can be --set.\n"
      "Exit codes: 0 ok, 1 the run failed, was interrupted, or an expectation is unmet, 2 bad usage or bad input.");
  command->callback([options, &exit_code] { exit_code = run_scenario(*options); });
}

}  // namespace geomx::cli
