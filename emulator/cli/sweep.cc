#include "emulator/cli/sweep.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "emulator/base/error.h"
#include "emulator/cli/command_line.h"
#include "emulator/cli/scenario_options.h"
#include "emulator/lab/probe.h"
#include "emulator/scenario/metrics.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/sweep_section.h"
#include "emulator/sweep/resume.h"
#include "emulator/sweep/runner.h"
#include "emulator/sweep/table.h"

namespace geomx::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kMostJobs = 64;
constexpr double kLongestRun = 7 * 24 * 3600;

struct Options {
  ScenarioOptions scenario;
  std::vector<std::string> vary;
  std::optional<int> repeat;
  std::string order = "random";
  std::string out;
  bool resume = false;
  bool dry_run = false;
  int jobs = 1;
  std::optional<double> limit;
  std::vector<std::string> metrics;
  bool json = false;
  bool quiet = false;
  std::string progress = "auto";
};

sweep::Variation variation_of(const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw InputError("--vary " + assignment, "not of the form PATH=VALUES",
                     "for example topology.links.*.rate=10Mbit,100Mbit");
  }
  const std::string path = assignment.substr(0, equals);
  return {path, sweep::expand_values(assignment.substr(equals + 1), "--vary " + path, fs::current_path())};
}

// The file's, with those of the command line in place of or beside them.
std::vector<sweep::Variation> variations_of(const Options& options, const scenario::SweepSection& section) {
  std::vector<sweep::Variation> variations;
  for (const auto& each : section.vary) {
    const std::string where = fmt::format("{}: /sweep/vary/{}", options.scenario.path, each.path);
    const fs::path folder = fs::absolute(options.scenario.path).parent_path();
    variations.push_back(
        {each.path, each.text ? sweep::expand_values(*each.text, where, folder) : sweep::to_values(each.list, where)});
  }
  std::vector<std::string> given;
  for (const std::string& assignment : options.vary) {
    sweep::Variation variation = variation_of(assignment);
    if (std::find(given.begin(), given.end(), variation.path) != given.end()) {
      throw InputError("--vary " + variation.path, "is there twice");
    }
    given.push_back(variation.path);
    const auto in_file = std::find_if(variations.begin(), variations.end(),
                                      [&](const sweep::Variation& each) { return each.path == variation.path; });
    in_file == variations.end() ? variations.push_back(std::move(variation)) : void(*in_file = std::move(variation));
  }
  return variations;
}

// How nodes send here: by cubic, or where the kernel does not grant that, by what this machine has.
sweep::Sender sender_here() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_congestion_control");
  std::string control;
  file >> control;
  if (control != "bbr") return sweep::Sender::at_once;
  try {
    const std::vector<std::string> refused = lab::survey_kernel().refused;
    const bool kept = std::any_of(refused.begin(), refused.end(), [](const std::string& setting) {
      return setting.find("tcp_congestion_control") != std::string::npos;
    });
    return kept ? sweep::Sender::paced : sweep::Sender::at_once;
  } catch (const WorkError&) {
    return sweep::Sender::at_once;  // no lab can be had here: the runs will say so
  }
}

// What the command line and the file ask for.
struct Asked {
  sweep::Description description;
  sweep::Grid grid;
  std::vector<sweep::Trial> trials;
};

Asked asked_for(const Options& options) {
  const scenario::Scenario base = load(options.scenario);  // its errors first, without the values that are varied
  const scenario::SweepSection section = scenario::load_sweep_section(options.scenario.path);
  Asked asked;
  const bool predictable = base.training && !base.training->computes();
  asked.grid = sweep::make_grid({options.scenario.path, options.scenario.set, options.scenario.seed,
                                 predictable ? sender_here() : sweep::Sender::at_once},
                                variations_of(options, section));
  asked.description = {.name = asked.grid.name,
                       .scenario = fs::absolute(options.scenario.path).lexically_normal().string(),
                       .directory = fs::current_path().string(),
                       .command = command_line(),
                       .shaper = options.scenario.shaper,
                       .seed = base.seed,
                       .repeat = options.repeat.value_or(section.repeat),
                       .shuffled = options.order == "random"};
  std::vector<std::uint64_t> seeds;
  for (const sweep::Point& point : asked.grid.points) seeds.push_back(point.seed);
  asked.trials = sweep::trials_in_order(seeds, asked.description.repeat);
  if (asked.description.shuffled) asked.trials = sweep::shuffled(std::move(asked.trials), base.seed);
  return asked;
}

int print_plan(const Asked& asked) {
  std::int64_t id = 0;
  for (const sweep::Trial& trial : asked.trials) {
    fmt::print("run {}: {} #{} seed {}\n", ++id, describe(asked.grid, asked.grid.points[trial.point]), trial.repetition,
               trial.seed);
  }
  fmt::print("{} combinations, {} runs\n", asked.grid.points.size(), asked.trials.size());
  return 0;
}

// Before hours are spent on what nobody then can show.
void require_metrics(const std::vector<std::string>& metrics, const sweep::Grid& grid) {
  const scenario::Scenario scenario = scenario::parse(grid.points.front().scenario, grid.name);
  for (const std::string& metric : metrics) {
    const bool known = metric == sweep::kRound || metric == sweep::kPredictedRound;
    if (known || scenario::is_metric(scenario, metric)) continue;
    throw InputError("--metric " + metric, "no run of this scenario has such a number",
                     "round_s, or a path in summary.json such as training.samples_per_second");
  }
}

// The folder and its database, made or found.
struct Opened {
  sweep::SweepFolder folder;
  sweep::Database database;
  int killed = 0;  // runs that were going on when an earlier `sweep` was killed
};

Opened open_sweep(const Options& options) {
  const bool found = options.resume && !options.out.empty() && sweep::SweepFolder::has_sweep(options.out);
  if (options.resume && options.out.empty()) throw InputError("--resume", "which sweep?", "say it with --out DIR");
  if (found) {
    sweep::SweepFolder folder = sweep::SweepFolder::open(options.out);
    sweep::Database database(folder.database());
    if (!options.scenario.path.empty() && !options.vary.empty()) {
      const Asked asked = asked_for(options);
      sweep::require_same(database, folder.path().string(), asked.grid, asked.trials);
    }
    require_metrics(options.metrics, database.grid());
    const int killed = database.forget_running();
    return {std::move(folder), std::move(database), killed};
  }
  if (options.scenario.path.empty()) throw InputError("SCENARIO", "which scenario?", "geomx-emu sweep --help");
  const Asked asked = asked_for(options);
  require_metrics(options.metrics, asked.grid);
  const auto out = options.out.empty() ? std::nullopt : std::optional<fs::path>(options.out);
  sweep::SweepFolder folder = sweep::SweepFolder::create(asked.description.name, out);
  sweep::Database::create(folder.database(), asked.description, asked.grid, asked.trials);
  sweep::Database database(folder.database());
  return {std::move(folder), std::move(database)};
}

int run_sweep(const Options& options) {
  if (options.dry_run && !options.scenario.path.empty()) return print_plan(asked_for(options));
  Opened opened = open_sweep(options);
  using Mode = sweep::SweepProgress::Mode;
  sweep::SweepEnd end{};
  {
    sweep::SweepProgress progress(options.quiet                ? Mode::silent
                                  : options.progress == "json" ? Mode::json
                                                               : Mode::automatic);
    const std::string killed =
        opened.killed > 0 ? fmt::format(", {} of them killed in the middle", opened.killed) : std::string();
    progress.note(fmt::format("{}: {} runs to do{}, in {}", opened.database.description().name,
                              opened.database.count("pending"), killed, opened.folder.path().string()));
    sweep::SweepOptions run_options;
    run_options.program = fs::read_symlink("/proc/self/exe").string();
    run_options.jobs = options.jobs;
    if (options.limit) {
      run_options.limit = std::chrono::milliseconds(static_cast<std::int64_t>(*options.limit * 1000));
    }
    end = sweep::run_pending(opened.database, opened.folder, run_options, progress);
  }
  const sweep::MeansTable table = sweep::means_table(opened.database, options.metrics);
  opened.folder.write("runs.csv", sweep::runs_csv(opened.database));
  opened.folder.write("means.csv", sweep::means_csv(table));
  const bool all_well = opened.database.all_well();
  if (options.json) {
    fmt::print("{}\n", nlohmann::ordered_json{{"status", end == sweep::SweepEnd::complete ? "complete" : "interrupted"},
                                              {"folder", opened.folder.path().string()},
                                              {"points", to_json(table)}}
                           .dump(2));
  } else if (!options.quiet) {
    fmt::print("{}  {}\n", to_text(table), opened.folder.path().string());
  }
  if (end == sweep::SweepEnd::interrupted) {
    fmt::print(stderr, "geomx-emu: interrupted: {} runs are left (geomx-emu sweep --resume --out {} goes on)\n",
               opened.database.count("pending"), opened.folder.path().string());
  }
  return end == sweep::SweepEnd::complete && all_well ? 0 : 1;
}

}  // namespace

void add_sweep(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("sweep", "Run every combination of values, and compare what came of them");
  add_scenario_options(*command, options->scenario);
  command->get_option("SCENARIO")->required(false)->description("The scenario file; --resume needs none");
  command
      ->add_option("--vary", options->vary,
                   "A path as --set takes it and its values: A,B,C, A..B:STEP, A..B:xFACTOR, A..B:logCOUNT or @FILE; "
                   "may be repeated, for every combination")
      ->type_name("PATH=VALUES")
      ->allow_extra_args(false);
  command->add_option("--repeat", options->repeat, "Runs of each combination, each with a seed of its own (default: 1)")
      ->type_name("N")
      ->check(CLI::Range(1, scenario::kMostRepetitions));
  command
      ->add_option("--order", options->order,
                   "Of the runs: random (default; follows from the seed), or grid, one combination after the other")
      ->type_name("ORDER")
      ->check(CLI::IsMember({"random", "grid"}));
  command->add_option("--out", options->out, "The sweep's folder (default: sweeps/NAME-DATE-TIME)")->type_name("DIR");
  command->add_flag("--resume", options->resume, "Go on with the sweep in --out DIR, however it has ended");
  command->add_flag("--dry-run", options->dry_run, "Check every combination and print the runs; run nothing");
  command
      ->add_option("--jobs", options->jobs,
                   "Runs at once, at most (default: 1); fewer once runs beside each other come back degraded")
      ->type_name("N")
      ->check(CLI::Range(1, kMostJobs));
  command->add_option("--limit", options->limit, "A run that takes longer has failed (default: none)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1.0, kLongestRun));
  command
      ->add_option(
          "--metric", options->metrics,
          "A number of summary.json to show, by its path, or round_s; may be repeated (default: the usual ones)")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command->add_flag("--json", options->json, "Print the means on standard output as JSON in place of the table");
  command->add_flag("--quiet", options->quiet, "Print nothing but errors");
  add_progress(*command, options->progress);
  command->footer(
      "Examples:\n"
      "  geomx-emu sweep scenarios/three-dc.json --vary topology.links.*.rate=10Mbit,50Mbit,100Mbit --repeat 3\n"
      "  geomx-emu sweep scenarios/hundred-workers.json --vary topology.links.*.delay=10ms..50ms:10ms --out delays\n"
      "  geomx-emu sweep wan.json --vary 'topology.links.*.rate=1Mbit..1Gbit:x10' --vary training.sync.name=fsa,hfa "
      "--dry-run\n"
      "  geomx-emu sweep --resume --out delays          goes on after a kill, a crash or Ctrl-C\n"
      "docs/sweeps.md says how values are written and what the folder holds.\n"
      "Exit codes: 0 all runs are ok, 1 one failed, was interrupted or has an expectation unmet, 2 bad usage or "
      "input.");
  command->callback([options, &exit_code] { exit_code = run_sweep(*options); });
}

}  // namespace geomx::cli
