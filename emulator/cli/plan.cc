#include "emulator/cli/plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "emulator/cli/scenario_options.h"
#include "emulator/lab/inspect.h"
#include "emulator/lab/needs.h"
#include "emulator/lab/plan.h"
#include "emulator/lab/probe.h"
#include "emulator/run/environment.h"
#include "emulator/run/role_report.h"

namespace geomx::cli {

void add_plan(CLI::App& app, int& exit_code) {
  struct Options {
    ScenarioOptions scenario;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("plan", "What a scenario would make here: nodes, addresses, links, shapers, roles");
  add_scenario_options(*command, options->scenario);
  command->add_flag("--json", options->json, "Print one JSON object with the arrays nodes, links and roles");
  command->footer("Examples:\n  geomx-emu plan scenarios/three-dc.json --shaper wire");
  command->callback([options, &exit_code] {
    const scenario::Scenario scenario = load(options->scenario);
    const lab::Plan plan = lab::make_plan(scenario, lab::probe_kernel(), choice(options->scenario));
    const std::vector<run::RoleProcess> roles = run::role_processes(scenario, plan, "geomx-node");
    fmt::print("{}", options->json ? run::add_roles(lab::plan_json(plan), roles) + "\n"
                                   : lab::describe(plan) + run::describe(roles));
    for (const InputError& need : lab::unmet_needs(scenario)) {
      fmt::print(stderr, "geomx-emu: cannot run on this machine as it is: {}\n", need.line());
    }
    exit_code = 0;
  });
}

}  // namespace geomx::cli
