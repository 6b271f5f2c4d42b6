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
#include "emulator/base/units.h"
#include "emulator/lab/capacity.h"
#include "emulator/lab/frr.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"
#include "emulator/lab/uplink.h"
#include "emulator/sandbox/cgroup.h"
#include "emulator/sandbox/oci_image.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/scenario/scenario.h"

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

// What check, run and up hold a scenario against.
Finding capacity() {
  const lab::Machine machine = lab::this_machine();
  std::string found = fmt::format("{} cores, the wire forwards about {} in all", machine.cores,
                                  to_string(lab::forwarding_capacity(machine), true));
  if (machine.free_memory) found += fmt::format(", {} of memory free", to_string(Bytes{*machine.free_memory}, true));
  if (machine.descriptors) found += fmt::format(", {} open files", *machine.descriptors);
  if (machine.network_namespaces) found += fmt::format(", {} network namespaces", *machine.network_namespaces);
  if (machine.processes) found += fmt::format(", {} processes", *machine.processes);
  return {"capacity", true, false, found, ""};
}

// Of a node's cpu and memory.
Finding limits() {
  const auto obstacle = sandbox::cgroup_obstacle({1.0, Bytes{std::uint64_t{64} << 20}});
  return {"limits of cpu and memory", !obstacle, false,
          obstacle ? obstacle->what : "cgroups, " + sandbox::describe_cgroups(), obstacle ? obstacle->remedy : ""};
}

// Of nodes, to the network that this machine is in.
Finding uplinks() {
  const auto obstacle = lab::uplink_obstacle();
  return {"uplinks", !obstacle, false, obstacle ? obstacle->what : "veth and NAT by nftables",
          obstacle ? obstacle->remedy : ""};
}

// How deep the wire may read from the kernel; both ways carry what is asked.
Finding reading(const shaper::KernelFeatures& features) {
  return {
      "wire reads by", true, false,
      features.rcvbuf_force ? "a deep receive queue" : "a ring of fixed memory, as this user may have no deep queue",
      ""};
}

// The kinds of link that scenarios ask for, each as the one link of a scenario, so that the plan itself says which
// shaper it gets here.
struct Example {
  const char* what;
  scenario::Scenario scenario;
};

std::vector<Example> examples() {
  using std::chrono::milliseconds;
  const auto make = [](const char* what, bool rate, int delay_ms, int jitter_ms, double loss, bool seeded) {
    scenario::Link link;
    link.ends[0] = "a";
    link.ends[1] = "b";
    if (rate) link.forward.rate = BitsPerSecond{100'000'000};
    if (delay_ms > 0) link.forward.delay = milliseconds(delay_ms);
    if (jitter_ms > 0) link.forward.jitter = milliseconds(jitter_ms);
    if (loss > 0) link.forward.loss = Probability{loss};
    link.backward = link.forward;
    Example example{what, {}};
    example.scenario.name = "doctor";
    example.scenario.seed_given = seeded;
    example.scenario.topology.nodes = {{"a", scenario::NodeKind::host, std::nullopt, {}},
                                       {"b", scenario::NodeKind::host, std::nullopt, {}}};
    example.scenario.topology.links = {link};
    return example;
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
    finding.found = lab::to_string(lab::make_plan(example.scenario, features).links[0].shaper);
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
                      features.tbf ? "" : "links with a rate take the wire; modprobe sch_tbf"});
  findings.push_back({"tc: netem", features.netem, false, features.netem ? "yes" : "no",
                      features.netem ? "" : "links with delay or loss take the wire; modprobe sch_netem"});
  if (features.netem) {
    findings.push_back({"tc: netem with a seed", features.netem_seed, false, features.netem_seed ? "yes" : "no",
                        features.netem_seed ? "" : "links with seeded loss take the wire (Linux 6.7 has it)"});
  }
  findings.push_back({"wire: packet sockets", features.packet_vnet, false, features.packet_vnet ? "yes" : "no",
                      features.packet_vnet ? "" : "only tc can shape links: a kernel with CONFIG_PACKET has both"});
  if (features.packet_vnet) findings.push_back(reading(features));
  findings.push_back(
      {"wire: frames stay in the kernel", features.held_frames, false,
       features.held_frames ? "yes, on links that only delay" : "no",
       features.held_frames ? "" : "such links carry less; modprobe br_netfilter nft_compat xt_NFQUEUE"});
  findings.push_back({"congestion control", true, false, survey.congestion_controls, ""});
  for (const std::string& refused : survey.refused) {
    findings.push_back({"node setting", false, false, "not granted: " + refused, "nodes keep the kernel's default"});
  }
  findings.push_back(limits());
  findings.push_back(uplinks());
  const auto frr = lab::find_frr();
  findings.push_back({"routing by ospf or bgp", frr.has_value(), false, frr ? "FRRouting in " + *frr : "no FRRouting",
                      frr ? "" : "apt-get install frr"});
  const bool podman = sandbox::have_podman();
  findings.push_back({"OCI images as nodes", podman, false, podman ? "podman" : "no podman; folders work",
                      podman ? "" : "apt-get install podman"});
  findings.push_back(timers());
  findings.push_back(capacity());
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
    fmt::print("{:<4} {:<33} {}\n", finding.good ? "ok" : finding.vital ? "FAIL" : "note", finding.what, finding.found);
    if (!finding.advice.empty()) fmt::print("     {:<33} -> {}\n", "", finding.advice);
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
