#include "emulator/cli/doctor.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::cli {
namespace {

// One thing that a lab needs or would like.
struct Finding {
  std::string what;
  bool good = true;
  bool vital = false;  // without it no lab works here
  std::string found;
  std::string advice;  // empty where there is nothing to do
};

Finding privileges() {
  const sandbox::Privileges found = sandbox::probe_privileges();
  Finding finding{"namespaces", true, true, "", ""};
  switch (found.mode) {
    case sandbox::LabMode::root:
      finding.found = "as root";
      break;
    case sandbox::LabMode::user_namespace:
      finding.found = "in a user namespace, without root";
      break;
    case sandbox::LabMode::impossible:
      finding.good = false;
      finding.found = found.obstacle;
      finding.advice = found.remedy;
  }
  for (const std::string& limit : found.limits) finding.found += "; " + limit;
  return finding;
}

// How late this machine wakes a thread that asked for a millisecond: the wire can be no better.
Finding timers() {
  using Clock = std::chrono::steady_clock;
  constexpr int samples = 100;
  constexpr std::chrono::microseconds good_enough{1000};
  std::vector<std::chrono::microseconds> late;
  for (int i = 0; i < samples; ++i) {
    const auto due = Clock::now() + std::chrono::milliseconds(1);
    const timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
    late.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due));
  }
  std::sort(late.begin(), late.end());
  const auto p99 = late[samples * 99 / 100];
  return {"timers", p99 < good_enough, false,
          fmt::format("median {} us late, p99 {} us", late[samples / 2].count(), p99.count()),
          p99 < good_enough ? "" : "the machine is busy: delays will be less exact than asked"};
}

Finding buffers(const shaper::KernelFeatures& features) {
  const std::string max = sandbox::read_sysctl("net.core.rmem_max");
  if (features.rcvbuf_force) return {"wire buffers", true, false, "as large as needed", ""};
  constexpr unsigned long enough = 8u << 20;
  const bool good = std::stoul(max) >= enough;
  return {"wire buffers", good, false, fmt::format("net.core.rmem_max = {}", max),
          good ? "" : "links above 1 Gbit may overrun: sysctl -w net.core.rmem_max=67108864, or run as root"};
}

// The shaper that each kind of link gets with these features.
struct Example {
  const char* what;
  shaper::Direction direction;
};

std::vector<Example> examples() {
  using std::chrono::milliseconds;
  const auto make = [](const char* what, bool rate, int delay_ms, int jitter_ms, double loss, bool seeded) {
    shaper::Direction direction;
    if (rate) direction.rate = BitsPerSecond{100'000'000};
    direction.delay = milliseconds(delay_ms);
    direction.jitter = milliseconds(jitter_ms);
    direction.loss = loss;
    if (seeded) direction.seed = 1;
    return Example{what, direction};
  };
  return {make("rate", true, 0, 0, 0, false),
          make("delay", false, 30, 0, 0, false),
          make("rate and delay", true, 30, 0, 0, false),
          make("rate, delay and jitter", true, 30, 1, 0, false),
          make("loss", false, 0, 0, 0.01, false),
          make("loss from a seed", false, 0, 0, 0.01, true)};
}

Finding shaper_for(const Example& example, const shaper::KernelFeatures& features) {
  Finding finding{fmt::format("link with {}", example.what), true, true, "", ""};
  try {
    finding.found =
        lab::to_string(shaper::choose(example.direction, example.direction, features, shaper::Choice::auto_));
  } catch (const InputError& error) {
    finding.good = false;
    finding.found = error.what();
    finding.advice = error.hint();
  }
  return finding;
}

std::vector<Finding> examine() {
  std::vector<Finding> findings{privileges()};
  if (!findings[0].good) return findings;
  const lab::Survey survey = lab::survey_kernel();
  const shaper::KernelFeatures& features = survey.features;
  findings.push_back({"tc: tbf", features.tbf, false, features.tbf ? "yes" : "no",
                      features.tbf ? "" : "links with a rate alone take the wire; modprobe sch_tbf"});
  findings.push_back({"tc: netem", features.netem, false, features.netem ? "yes" : "no",
                      features.netem ? "" : "links with delay, jitter or loss take the wire; modprobe sch_netem"});
  if (features.netem) {
    findings.push_back(
        {"tc: netem with a seed", features.netem_seed, false, features.netem_seed ? "yes" : "no",
         features.netem_seed ? "" : "links with seeded loss or jitter take the wire (Linux 6.7 has it)"});
  }
  findings.push_back({"wire: packet sockets", features.packet_vnet, false, features.packet_vnet ? "yes" : "no",
                      features.packet_vnet ? "" : "only tc can shape links: a kernel with CONFIG_PACKET has both"});
  findings.push_back(buffers(features));
  findings.push_back({"congestion control", true, false, survey.congestion_controls, ""});
  for (const std::string& refused : survey.refused) {
    findings.push_back({"node setting", false, false, "not granted: " + refused, "nodes keep the kernel's default"});
  }
  findings.push_back(timers());
  for (const Example& example : examples()) findings.push_back(shaper_for(example, features));
  return findings;
}

std::string kernel() {
  utsname name{};
  ::uname(&name);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

int doctor(bool json) {
  const std::vector<Finding> findings = examine();
  const bool fit = std::all_of(findings.begin(), findings.end(),
                               [](const Finding& finding) { return finding.good || !finding.vital; });
  if (json) {
    nlohmann::ordered_json answer{{"kernel", kernel()}, {"fit", fit}, {"findings", nlohmann::json::array()}};
    for (const Finding& finding : findings) {
      answer["findings"].push_back({{"what", finding.what},
                                    {"good", finding.good},
                                    {"vital", finding.vital},
                                    {"found", finding.found},
                                    {"advice", finding.advice}});
    }
    fmt::print("{}\n", answer.dump(2));
    return fit ? 0 : 1;
  }
  fmt::print("{}\n\n", kernel());
  for (const Finding& finding : findings) {
    fmt::print("{:<4} {:<30} {}\n", finding.good ? "ok" : finding.vital ? "FAIL" : "note", finding.what, finding.found);
    if (!finding.advice.empty()) fmt::print("     {:<30} -> {}\n", "", finding.advice);
  }
  fmt::print("\n{}\n", fit ? "labs work here" : "labs do not work here: see FAIL above");
  return fit ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  const auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("doctor", "What this machine can do, and what to do about what it cannot");
  command->add_flag("--json", *json, "Print one JSON object");
  command->callback([json, &exit_code] { exit_code = doctor(*json); });
}

}  // namespace geomx::cli
