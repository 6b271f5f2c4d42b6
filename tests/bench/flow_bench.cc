// What the flow schedulers are for, each in a lab made to need it: TSEngine where eight workers come to one server at
// once, DGT where the WAN loses packets.
//
//   flow_bench [--folder DIR] [--rounds N] [--k SHARE] [--only incast|loss]
//
// Incast: one party, one server and eight workers on a LAN, whose cables all have the same rate: the server's is the
// bottleneck of a round. Without TSEngine and with it, the model cut into chunks alike; seconds of a round, the median
// of 30.
//
// Loss: two parties of two workers behind a WAN of 100 Mbit/s and 40 ms each way that loses 1 % of the packets, on the
// way up alone or both ways, by TCP Reno, which takes each loss for congestion, and by BBR, which does not. DGT in each
// of its modes against plain messages: the median round, the time to 0.97 test accuracy on MNIST where it is reached in
// N rounds, and the accuracy after these.
//
// What has been run is kept in DIR. Where what is claimed does not show, the last lines say so.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/lab_runs.h"
#include "tests/support/run_database.h"
#include "tests/support/two_parties.h"

namespace {

namespace fs = std::filesystem;
using geomx::bench::LabRuns;
using geomx::bench::summary;
using geomx::bench::training_seconds;
using geomx::test::median;
using geomx::test::query;
using geomx::test::round_seconds;
using Json = nlohmann::ordered_json;

constexpr double kTarget = 0.97;
constexpr int kMeasuredRounds = 30;

struct Options {
  fs::path folder = "build/flow_bench";
  int rounds = 40;  // of each cell with losses
  std::string k = "0.2";
  std::string only;
};

// What is said below a table.
void note_verdict(const fs::path& run, std::vector<std::string>& notes) {
  const std::string verdict = summary(run)["fidelity"]["verdict"].get<std::string>();
  if (verdict != "faithful") notes.push_back(fmt::format("{}: the emulation was {}", run.filename().string(), verdict));
}

// "35 % less", "2 % more".
std::string against(double seconds, double plain) {
  const double change = 100 * (seconds / plain - 1);
  return fmt::format("{:.0f} % {}", std::abs(change), change < 0 ? "less" : "more");
}

// Incast -------------------------------------------------------------------------------------------------------------

Json one_server() {
  return Json{{"version", 1},
              {"name", "incast-bench"},
              {"seed", 7},
              {"topology", {{"datacenters", Json::array({{{"name", "central"}, {"lan", {{"rate", "1Gbit"}}}}})}}},
              {"training",
               {{"parties", Json::array({{{"datacenter", "central"}, {"global_servers", 1}, {"workers", 8}}})},
                {"dataset", "mnist"},
                {"batch_size", 32},
                {"bigarray_bound", 5000},  // one chunk would be one message for all that TSEngine does
                {"rounds", kMeasuredRounds + 1}}}};
}

void measure_incast(const Options& options) {
  const LabRuns runs(options.folder / "incast", one_server());
  std::vector<std::string> notes;
  fmt::print("\n8 workers, one server; each cable of the LAN has this rate; median of {} rounds\n\n", kMeasuredRounds);
  fmt::print("| LAN | without TSEngine | with TSEngine | |\n|---|---|---|---|\n");
  for (const char* rate : {"64Mbit", "200Mbit", "1Gbit"}) {
    const auto round = [&](const std::string& name, const std::string& flow) {
      const fs::path run = runs.run(fmt::format("{}-{}", name, rate),
                                    {fmt::format("topology.datacenters.central.lan.rate={}", rate), flow});
      note_verdict(run, notes);
      return median(round_seconds(run));
    };
    const double plain = round("plain", "training.flow.p3=false");
    const double overlay = round("tsengine", R"(training.flow.tsengine={"within_parties": true})");
    fmt::print("| {} | {:.3f} s | {:.3f} s | {:.2f}x |\n", rate, plain, overlay, plain / overlay);
    notes.push_back(fmt::format("TSEngine takes less time than one server for all, at {}: {}, {}", rate,
                                overlay < plain ? "reproduced" : "NOT REPRODUCED", against(overlay, plain)));
  }
  fmt::print("\n");
  for (const std::string& note : notes) fmt::print("{}\n", note);
}

// Loss ---------------------------------------------------------------------------------------------------------------

constexpr const char* kSetting = "/proc/sys/net/ipv4/tcp_congestion_control";

// Which every kernel lets a network namespace choose by itself.
Json start_command(const std::string& control) {
  return Json{"sh", "-c", fmt::format("echo {} > {}", control, kSetting)};
}

Json lossy(const std::string& control) {
  Json scenario =
      geomx::test::two_parties("loss-bench", {{"rate", "100Mbit"}, {"delay", "40ms"}, {"queue", "1MiB"}}, 2);
  for (Json& datacenter : scenario["topology"]["datacenters"]) datacenter["start"] = start_command(control);
  Json& training = scenario["training"];
  training["batch_size"] = 64;
  training["evaluate_every"] = 10;
  training["optimizer"] = {{"name", "adam"}, {"learning_rate", 0.003}};
  scenario["seed"] = 7;
  return scenario;
}

// A node of such a lab is asked which congestion control it has.
bool can_be_chosen(const Options& options, const std::string& control) {
  Json scenario = lossy(control);
  scenario.erase("training");
  scenario["topology"]["datacenters"][1]["hosts"] = 1;
  scenario["workload"] =
      Json::array({{{"name", "ask"}, {"node", "a-host-0"}, {"at", "300ms"}, {"argv", Json::array({"cat", kSetting})}}});
  const fs::path run = LabRuns(options.folder / "loss", scenario).run("ask-" + control, {});
  std::ifstream log(run / "logs/ask.log");
  std::string answer;
  return std::getline(log, answer) && answer == control;
}

struct Sending {
  std::string name;
  std::string setting;
};

std::vector<Sending> sendings(const std::string& k) {
  std::vector<Sending> all{{"plain", "training.flow.p3=false"}};
  for (const char* mode : {"1", "2", "3"}) {
    all.push_back(
        {fmt::format("DGT mode {}", mode), fmt::format(R"(training.flow.dgt={{"mode": {}, "k": {}}})", mode, k)});
  }
  return all;
}

struct Cell {
  double round = 0;  // seconds, the median
  std::optional<double> seconds_to_target;
  double accuracy = 0;
};

Cell measure(const LabRuns& runs, const std::string& name, const std::vector<std::string>& settings,
             std::vector<std::string>& notes) {
  const fs::path run = runs.run(name, settings);
  note_verdict(run, notes);
  Cell cell;
  cell.round = median(round_seconds(run));
  cell.accuracy = summary(run)["training"]["test_accuracy"].get<double>();
  const std::vector<double> reached = query(
      run, fmt::format("SELECT round FROM evaluations WHERE test_accuracy >= {} ORDER BY round LIMIT 1", kTarget));
  if (!reached.empty()) cell.seconds_to_target = training_seconds(run, static_cast<int>(reached.front()));
  return cell;
}

void measure_loss(const Options& options) {
  std::vector<std::string> notes;
  fmt::print(
      "\n2 parties of 2 workers, 100 Mbit/s, 40 ms each way, 1 % loss, DGT with k = {}; {} rounds\n\n"
      "| congestion control | loss | sent | round | | time to {} | accuracy |\n|---|---|---|---|---|---|---|\n",
      options.k, options.rounds, kTarget);
  for (const char* control : {"reno", "bbr"}) {
    if (!can_be_chosen(options, control)) {
      notes.push_back(fmt::format("{}: this kernel does not let a network namespace choose it", control));
      continue;
    }
    const LabRuns runs(options.folder / "loss", lossy(control));
    for (const bool both_ways : {false, true}) {
      const char* const ways = both_ways ? "both ways" : "up";
      const std::string loss = both_ways ? "topology.links.*.loss=1%" : "topology.links.*.backward.loss=1%";
      double plain = 0;
      for (const Sending& sending : sendings(options.k)) {
        std::string name = fmt::format("{}-{}-{}-k{}-{}", control, ways, sending.name, options.k, options.rounds);
        std::replace(name.begin(), name.end(), ' ', '-');
        const Cell cell =
            measure(runs, name, {loss, sending.setting, fmt::format("training.rounds={}", options.rounds)}, notes);
        const bool is_plain = sending.name == "plain";
        if (is_plain) plain = cell.round;
        fmt::print("| {} | {} | {} | {:.2f} s | {} | {} | {:.4f} |\n", control, ways, sending.name, cell.round,
                   is_plain ? "" : against(cell.round, plain),
                   cell.seconds_to_target ? fmt::format("{:.1f} s", *cell.seconds_to_target) : "not reached",
                   cell.accuracy);
        if (!is_plain) {
          notes.push_back(fmt::format("{}, {}: {} takes less time: {}, {}", control, ways, sending.name,
                                      cell.round < plain ? "reproduced" : "NOT REPRODUCED",
                                      against(cell.round, plain)));
        }
      }
    }
  }
  fmt::print("\nThe paper's claim for DGT is 19 to 37 % less, at 1 Gbit/s.\n");
  for (const std::string& note : notes) fmt::print("{}\n", note);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("TSEngine where one server is the bottleneck, DGT where the WAN loses packets");
  app.add_option("--folder", options.folder, "where runs are kept; those that are there are not repeated");
  app.add_option("--rounds", options.rounds, "of each cell with losses")->check(CLI::Range(10, 100'000));
  app.add_option("--k", options.k, "share of the blocks that DGT sends reliably and whole");
  app.add_option("--only", options.only, "one of the two")->check(CLI::IsMember({"incast", "loss"}));
  CLI11_PARSE(app, argc, argv);
  try {
    if (options.only != "loss") measure_incast(options);
    if (options.only != "incast") measure_loss(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "flow_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
