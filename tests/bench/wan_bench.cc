// Time to 0.97 test accuracy on MNIST over a WAN of 10, 50 and 100 Mbit/s and 30 ms, two parties of four workers, for
// one configuration of the parameter server after the other: the table and the chart of docs/performance.md.
//
//   wan_bench [--folder DIR] [--rates 10,50,100] [--only NAME]... [--learning-rates 0.001,...] [--confirm] [--tune]
//
// A synchronous job of the same seed takes the same rounds on every network. So each configuration first runs on a
// network of LAN speed, once for each learning rate of one list, and the rate with the fewest rounds to the target is
// its own. A cell is then a whole run of that many rounds; or, where that would take longer than a minute and a half,
// 30 measured rounds, whose median times the number of rounds is the time, marked "~". --confirm measures the slowest
// cell, the flat architecture at the lowest rate, whole as well. The samples/s of the three fastest at the highest
// rate are compared with those on the network of LAN speed.
//
// Everything that has been measured is in DIR and is not measured again: interrupted, it goes on where it was.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/lab_runs.h"
#include "tests/support/run_database.h"
#include "tests/support/two_parties.h"

namespace {

using geomx::bench::LabRuns;
using geomx::bench::summary;
using geomx::bench::training_seconds;
using geomx::test::query;
using geomx::test::single;

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kTarget = 0.97;
constexpr int kMostSteps = 2 * 234;  // two epochs of 8 workers with batches of 32
constexpr int kMeasuredRounds = 30;
constexpr double kLongestCell = 90;  // seconds
constexpr const char* kDelay = "30ms";

// `period` rounds, of `steps` steps each, lead from one exchange between the parties to the next: a whole number of
// them is run, and only what the global servers hold in the end is evaluated.
struct Configuration {
  std::string name;
  std::vector<std::string> settings;  // of geomx-emu run --set
  int steps = 1;
  int period = 1;
  bool local() const { return steps * period > 1; }
};

std::vector<Configuration> configurations() {
  const auto sync = [](const char* value) { return std::string("training.sync=") + value; };
  const auto codec = [](const char* value) { return std::string("training.codec=") + value; };
  const std::string hfa = sync(R"({"name": "hfa", "k1": 20, "k2": 2})");
  const std::string hfa_within = sync(R"({"name": "hfa", "k1": 1, "k2": 40})");  // parties exchange in every step
  const std::string hfa_long = sync(R"({"name": "hfa", "k1": 4, "k2": 40})");
  const std::string diloco = sync(R"({"name": "diloco", "local_steps": 50})");
  const std::string fp16 = codec(R"({"name": "fp16"})");
  const std::string bisparse = codec(R"({"name": "bisparse", "ratio": 0.01})");
  const std::string mpq = codec(R"({"name": "mpq", "ratio": 0.01})");
  const std::string mpq_of_much = codec(R"({"name": "mpq", "ratio": 0.3})");  // 160 steps move more than one does
  return {
      {"flat", {"training.architecture=flat"}},
      {"hips", {}},
      {"hips + fp16", {fp16}},
      {"hips + bisparse", {bisparse}},
      {"hips + mpq", {mpq}},
      {"hips + p3", {"training.flow.p3=true"}},
      {"hips + hfa", {hfa}, 20, 2},
      {"hips + diloco", {diloco}, 50},
      {"hips + hfa + fp16", {hfa, fp16}, 20, 2},
      {"hips + hfa, K1 = 1, + fp16", {hfa_within, fp16}, 1, 40},
      {"hips + hfa, K1 = 4, + mpq", {hfa_long, mpq_of_much}, 4, 40},
      {"hips + diloco + fp16", {diloco, fp16}, 50},
  };
}

struct Options {
  fs::path folder = "build/wan_bench";
  std::vector<int> rates{10, 50, 100};
  std::vector<std::string> only;
  std::vector<std::string> learning_rates{"0.001", "0.002", "0.004", "0.008"};  // for each configuration
  bool confirm = false;
  bool tune_only = false;
};

// The scenario --------------------------------------------------------------------------------------------------------

Json scenario() {
  Json scenario = geomx::test::two_parties("wan-bench", {{"rate", "10Gbit"}}, 4);
  scenario["seed"] = 7;
  scenario["training"]["rounds"] = kMostSteps;
  return scenario;
}

// A configuration on the fast network --------------------------------------------------------------------------------

struct Tuned {
  std::string learning_rate;
  int rounds = 0;  // to the target
};

// "hips + fp16" -> "hips-fp16"
std::string folder_of(const std::string& name) {
  std::string folder;
  for (const char c : name) {
    if (c == '+') folder += '-';
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) folder += c;
  }
  return folder;
}

std::vector<std::string> with(const Configuration& configuration, const std::string& learning_rate,
                              std::vector<std::string> more) {
  std::vector<std::string> settings = configuration.settings;
  settings.push_back("training.optimizer.learning_rate=" + learning_rate);
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

// In growing numbers of rounds, as the first that lead to the target are as good as any: a learning rate that has not
// led there in as many as another needed is not better. Whole exchanges between the parties; nothing, where none does.
std::optional<Tuned> tune(const Options& options, const Configuration& configuration) {
  const int every = configuration.local() ? configuration.period : 5;
  for (const int steps : {kMostSteps / 4, kMostSteps / 2, kMostSteps}) {
    std::optional<Tuned> best;
    for (const std::string& rate : options.learning_rates) {
      const int most =
          best ? best->rounds : std::max(steps / configuration.steps / configuration.period, 1) * configuration.period;
      const fs::path folder =
          LabRuns(options.folder, scenario())
              .run(fmt::format("{}-tune-{}-of-{}", folder_of(configuration.name), rate, most),
                   with(configuration, rate,
                        {fmt::format("training.evaluate_every={}", every), fmt::format("training.rounds={}", most)}));
      const std::vector<double> rounds =
          query(folder, fmt::format("SELECT round FROM evaluations WHERE test_accuracy >= {} AND round % {} = 0 "
                                    "ORDER BY round LIMIT 1",
                                    kTarget, configuration.period));
      if (rounds.empty()) continue;
      const int needed = static_cast<int>(rounds.front());
      if (!best || needed < best->rounds) best = {rate, needed};
    }
    if (best) return best;
  }
  return {};
}

// A cell of the table ------------------------------------------------------------------------------------------------

constexpr int kLan = 0;  // as a rate of the WAN: no limit but a LAN's, and no delay

struct Cell {
  double seconds = 0;
  bool estimated = false;
  double samples_per_second = 0;
  std::string verdict;
};

std::vector<std::string> network(int megabits) {
  if (megabits == kLan) return {};
  return {fmt::format("topology.links.*.rate={}Mbit", megabits), fmt::format("topology.links.*.delay={}", kDelay)};
}

std::string name_of(const Configuration& configuration, int megabits) {
  return folder_of(configuration.name) + (megabits == kLan ? "-lan" : fmt::format("-{}mbit", megabits));
}

Cell cell_of(const fs::path& folder, double seconds, bool estimated) {
  const Json result = summary(folder);
  return {seconds, estimated, result["training"]["samples_per_second"].get<double>(),
          result["fidelity"]["verdict"].get<std::string>()};
}

fs::path run_cell(const Options& options, const Configuration& configuration, const Tuned& tuned, int megabits,
                  const char* what, int rounds) {
  std::vector<std::string> more = network(megabits);
  more.push_back(fmt::format("training.rounds={}", rounds));
  return LabRuns(options.folder, scenario())
      .run(fmt::format("{}-{}", name_of(configuration, megabits), what),
           with(configuration, tuned.learning_rate, more));
}

Cell measure(const Options& options, const Configuration& configuration, const Tuned& tuned, int megabits,
             bool in_whole = false) {
  constexpr int kSampleRounds = kMeasuredRounds + 1;  // the first is not counted
  if (!in_whole && !configuration.local() && tuned.rounds > kSampleRounds) {
    const fs::path sample = run_cell(options, configuration, tuned, megabits, "sample", kSampleRounds);
    const double seconds = geomx::test::median(geomx::test::round_seconds(sample)) * tuned.rounds;
    if (seconds > kLongestCell) return cell_of(sample, seconds, true);
  }
  const fs::path whole = run_cell(options, configuration, tuned, megabits, "whole", tuned.rounds);
  if (single(whole, fmt::format("SELECT test_accuracy FROM evaluations WHERE round = {}", tuned.rounds)) < kTarget) {
    throw std::runtime_error(fmt::format("{}: {} rounds have not led to {}", whole.string(), tuned.rounds, kTarget));
  }
  return cell_of(whole, training_seconds(whole, tuned.rounds), false);
}

// Of several exchanges between the parties, however few lead to the target.
double samples_per_second(const Options& options, const Configuration& configuration, const Tuned& tuned,
                          int megabits) {
  const int rounds = std::max(tuned.rounds, 4 * configuration.period);
  const fs::path folder = run_cell(options, configuration, tuned, megabits, "speed", rounds);
  return summary(folder)["training"]["samples_per_second"].get<double>();
}

// What comes out -----------------------------------------------------------------------------------------------------

struct Row {
  const Configuration* configuration;
  Tuned tuned;
  std::map<int, Cell> cells;  // by Mbit/s
};

std::string seconds_text(const Cell& cell) {
  return fmt::format("{}{:.{}f} s", cell.estimated ? "~ " : "", cell.seconds,
                     cell.seconds < 10    ? 2
                     : cell.seconds < 100 ? 1
                                          : 0);
}

void print_table(const Options& options, const std::vector<Row>& rows) {
  fmt::print("\n| configuration | learning rate | rounds x steps |");
  for (const int rate : options.rates) fmt::print(" {} Mbit/s | over flat |", rate);
  fmt::print("\n|---|---|---|");
  for (std::size_t i = 0; i < options.rates.size(); ++i) fmt::print("---|---|");
  fmt::print("\n");
  for (const Row& row : rows) {
    fmt::print("| {} | {} | {} x {} |", row.configuration->name, row.tuned.learning_rate, row.tuned.rounds,
               row.configuration->steps);
    for (const auto& [rate, cell] : row.cells) {
      fmt::print(" {} | {:.1f}x |", seconds_text(cell), rows.front().cells.at(rate).seconds / cell.seconds);
    }
    fmt::print("\n");
  }
  fmt::print("\n~: rounds to the target x the median of {} measured rounds\n", kMeasuredRounds);
  for (const Row& row : rows) {
    for (const auto& [rate, cell] : row.cells) {
      if (cell.verdict == "faithful") continue;
      fmt::print("{} at {} Mbit/s: the emulation was {}\n", row.configuration->name, rate, cell.verdict);
    }
  }
}

// The three that are the fastest at the lowest rate: what does the highest take from their speed on a LAN?
void compare_with_lan(const Options& options, std::vector<Row> rows) {
  const int slowest = *std::min_element(options.rates.begin(), options.rates.end());
  const int fastest = *std::max_element(options.rates.begin(), options.rates.end());
  std::sort(rows.begin(), rows.end(), [slowest](const Row& a, const Row& b) {
    return a.cells.at(slowest).seconds < b.cells.at(slowest).seconds;
  });
  if (rows.size() > 3) rows.resize(3);
  fmt::print("\n| the fastest at {} Mbit/s | samples/s at {} Mbit/s | on a LAN | share |\n|---|---|---|---|\n", slowest,
             fastest);
  for (const Row& row : rows) {
    const double lan = samples_per_second(options, *row.configuration, row.tuned, kLan);
    const double wan = samples_per_second(options, *row.configuration, row.tuned, fastest);
    fmt::print("| {} | {:.0f} | {:.0f} | {:.0f} % |\n", row.configuration->name, wan, lan, 100 * wan / lan);
  }
}

// Bars on a logarithmic scale, one group per configuration, one bar per WAN rate.
void draw_chart(const Options& options, const std::vector<Row>& rows) {
  constexpr double kLeft = 170;
  constexpr double kWidth = 560;
  constexpr double kBar = 12;
  constexpr const char* kColours[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7"};  // Okabe and Ito's
  double least = 1e9;
  double most = 0;
  for (const Row& row : rows) {
    for (const auto& [rate, cell] : row.cells) {
      least = std::min(least, cell.seconds);
      most = std::max(most, cell.seconds);
    }
  }
  const double first = std::floor(std::log10(least));
  const double last = std::ceil(std::log10(most));
  const auto x = [&](double seconds) { return kLeft + kWidth * (std::log10(seconds) - first) / (last - first); };
  const double group = kBar * static_cast<double>(options.rates.size()) + 10;
  const double bottom = 40 + group * static_cast<double>(rows.size());
  std::string body;
  for (double power = first; power <= last; ++power) {
    body += fmt::format(
        "<line x1='{0:.0f}' y1='30' x2='{0:.0f}' y2='{1:.0f}' stroke='#ddd'/>"
        "<text x='{0:.0f}' y='{2:.0f}' text-anchor='middle'>{3:g} s</text>\n",
        x(std::pow(10, power)), bottom, bottom + 16, std::pow(10, power));
  }
  double y = 40;
  for (const Row& row : rows) {
    body += fmt::format("<text x='{:.0f}' y='{:.0f}' text-anchor='end'>{}</text>\n", kLeft - 8, y + group / 2,
                        row.configuration->name);
    std::size_t colour = 0;
    for (const auto& [rate, cell] : row.cells) {
      body += fmt::format(
          "<rect x='{:.0f}' y='{:.0f}' width='{:.1f}' height='{:.0f}' fill='{}'/>"
          "<text x='{:.0f}' y='{:.0f}' font-size='10'>{}</text>\n",
          kLeft, y, x(cell.seconds) - kLeft, kBar - 2, kColours[colour++ % std::size(kColours)], x(cell.seconds) + 4,
          y + kBar - 3, seconds_text(cell));
      y += kBar;
    }
    y += 10;
  }
  double legend = kLeft;
  for (std::size_t i = 0; i < options.rates.size(); ++i) {
    body += fmt::format(
        "<rect x='{:.0f}' y='10' width='10' height='10' fill='{}'/><text x='{:.0f}' y='19'>{} Mbit/s</text>\n", legend,
        kColours[i % std::size(kColours)], legend + 14, options.rates[i]);
    legend += 100;
  }
  const fs::path file = options.folder / "wan.svg";
  std::ofstream(file) << fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0:.0f}' height='{1:.0f}' viewBox='0 0 {0:.0f} {1:.0f}' "
      "font-family='sans-serif' font-size='12'>\n<rect width='100%' height='100%' fill='white'/>\n{2}</svg>\n",
      kLeft + kWidth + 90, bottom + 26, body);
  fmt::print("\nchart: {}\n", file.string());
}

bool wanted(const Options& options, const std::string& name) {
  return options.only.empty() || name == "flat" ||
         std::any_of(options.only.begin(), options.only.end(),
                     [&](const std::string& only) { return folder_of(only) == folder_of(name); });
}

void measure_all(const Options& options) {
  const std::vector<Configuration> all = configurations();
  std::vector<Row> rows;
  for (const Configuration& configuration : all) {
    if (!wanted(options, configuration.name)) continue;
    const std::optional<Tuned> tuned = tune(options, configuration);
    if (options.tune_only) continue;
    if (!tuned) {
      fmt::print("{}: no learning rate of {} reaches {} within {} steps\n", configuration.name,
                 fmt::join(options.learning_rates, ", "), kTarget, kMostSteps);
      continue;
    }
    Row row{&configuration, *tuned, {}};
    for (const int rate : options.rates) row.cells[rate] = measure(options, configuration, *tuned, rate);
    rows.push_back(row);
  }
  if (options.tune_only) return;
  if (rows.empty() || rows.front().configuration->name != "flat") {
    throw std::runtime_error("there is no flat baseline to compare with");
  }
  print_table(options, rows);
  compare_with_lan(options, rows);
  draw_chart(options, rows);
  if (options.confirm) {
    const int slowest = *std::min_element(options.rates.begin(), options.rates.end());
    const Cell cell = measure(options, *rows.front().configuration, rows.front().tuned, slowest, true);
    const double estimate = rows.front().cells.at(slowest).seconds;
    fmt::print("flat at {} Mbit/s, whole: {:.1f} s; the table says {:.1f} s ({:+.1f} %)\n", slowest, cell.seconds,
               estimate, 100 * (estimate / cell.seconds - 1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Time to 0.97 test accuracy on MNIST over a WAN");
  app.add_option("--folder", options.folder, "where runs are kept; those that are there are not repeated");
  app.add_option("--rates", options.rates, "of the WAN, in Mbit/s")->delimiter(',');
  app.add_option("--only", options.only, "configurations beside flat");
  app.add_option("--learning-rates", options.learning_rates, "of which each configuration gets its best")
      ->delimiter(',');
  app.add_flag("--confirm", options.confirm, "run the slowest cell whole, too");
  app.add_flag("--tune", options.tune_only, "find the learning rates and the rounds, which takes no quiet machine");
  CLI11_PARSE(app, argc, argv);
  try {
    measure_all(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "wan_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
