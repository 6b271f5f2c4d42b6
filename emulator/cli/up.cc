#include "emulator/cli/up.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/cli/scenario_options.h"
#include "emulator/cli/shortages.h"
#include "emulator/cli/signals.h"
#include "emulator/control/launch.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"
#include "emulator/scenario/write.h"

namespace geomx::cli {
namespace {

struct Options {
  ScenarioOptions scenario;
  std::string name;
  std::string listen;
  std::string progress = "auto";
  bool detach = false;
  bool strict = false;
};

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void print_json(const nlohmann::ordered_json& json) {
  fmt::print(stderr, "{}\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// Until a signal, or the lab's own end. False: the lab has ended by itself.
bool wait_for_signal(const control::RunningLab& lab, const Signals& signals) {
  for (;;) {
    pollfd entries[] = {{signals.fd(), POLLIN, 0}, {lab.pidfd(), POLLIN, 0}};
    if (::poll(entries, 2, -1 /* as long as the user likes */) < 0 && errno != EINTR) {
      throw SystemError("up", "wait for a signal", errno);
    }
    if (entries[0].revents != 0) return true;
    if (entries[1].revents != 0) return false;
  }
}

int up(const Options& options) {
  const scenario::Scenario scenario = load(options.scenario);
  lab::Plan plan = lab::make_plan(scenario, lab::probe_kernel(), choice(options.scenario));
  if (!options.name.empty()) plan.lab = options.name;
  warn_of(shortages_here(scenario, plan, false), options.scenario.path, options.strict, false);

  // From here on a signal must not leave half a lab: it ends the lab, whether that is coming up or there.
  const Signals signals{SIGINT, SIGTERM, SIGHUP};
  control::LaunchOptions launch;
  launch.detach = options.detach;
  launch.scenario_json = scenario::write(scenario);
  launch.begin_events = true;
  launch.listen = options.listen;
  launch.stop_fd = signals.fd();
  const bool json = options.progress == "json";
  const bool terminal = !json && ::isatty(STDERR_FILENO) != 0;
  if (json) {
    launch.progress = [](int step, int steps, const std::string& what) {
      print_json({{"type", "step"}, {"done", step}, {"total", steps}, {"text", what}});
    };
  } else if (terminal) {
    launch.progress = [](int step, int steps, const std::string& what) {
      fmt::print(stderr, "\r\033[K{}/{} {}", step, steps, what);
    };
  }
  control::RunningLab lab = control::launch(plan, launch);
  phase("up: done");
  if (terminal) fmt::print(stderr, "\r\033[K");
  if (json) print_json({{"type", "lab"}, {"name", plan.lab}});
  fmt::print("{} is up: {} nodes, {} links, {:.2f} s\n", plan.lab, plan.nodes.size(), plan.links.size(),
             seconds(lab.up_time()));
  if (const control::Address& at = lab.address(); !at.address.empty()) {
    fmt::print("listens for owners of {}: geomx-emu inspect {} --key FILE\n", at.key_file, at.address);
  }
  if (options.detach) {
    fmt::print("geomx-emu exec {0} NODE -- COMMAND   geomx-emu inspect {0}   geomx-emu down {0}\n", plan.lab);
    return 0;
  }
  fmt::print("Ctrl-C ends it\n");
  std::fflush(stdout);
  if (!wait_for_signal(lab, signals)) {
    const control::LabEnd end = lab.end().value_or(control::LabEnd::killed);
    if (end != control::LabEnd::by_request) throw WorkError(plan.lab, control::to_string(end));
    fmt::print("{}: {}\n", plan.lab, control::to_string(end));
    return 0;
  }
  fmt::print("{} is down: {:.2f} s\n", plan.lab, seconds(lab.stop()));
  return 0;
}

}  // namespace

void add_up(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("up", "Bring a scenario's network up, without its job");
  add_scenario_options(*command, options->scenario);
  command->add_flag("--detach,-d", options->detach, "Leave it running and return");
  command->add_option("--name", options->name, "The lab's name (default: the scenario's)")->type_name("LAB");
  command
      ->add_option("--listen", options->listen,
                   "Let clients on other machines in too: those who have the lab's client.key (CURVE); port 0: any")
      ->type_name("tcp://HOST:PORT");
  add_progress(*command, options->progress);
  command->add_flag("--strict", options->strict, "Refuse a scenario that this machine is too small for");
  command->footer(
      "Examples:\n"
      "  geomx-emu up scenarios/three-dc.json\n"
      "  geomx-emu up scenarios/three-dc.json --detach --name play --set topology.links.*.rate=10Mbit\n"
      "  geomx-emu up scenarios/three-dc.json --listen tcp://192.0.2.1:7000");
  command->callback([options, &exit_code] { exit_code = up(*options); });
}

}  // namespace geomx::cli
