#include "emulator/cli/shortages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "emulator/base/error.h"
#include "emulator/run/offered_load.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/workload.h"

namespace geomx::cli {

std::vector<lab::Shortage> shortages_here(const scenario::Scenario& scenario, const lab::Plan& plan, bool with_job) {
  lab::Load load;
  if (with_job) {
    const std::vector<scenario::Role> roles = scenario::roles_of(scenario);
    load.workers = static_cast<unsigned>(std::count_if(roles.begin(), roles.end(), [](const scenario::Role& role) {
      return role.kind == scenario::RoleKind::worker || role.kind == scenario::RoleKind::master_worker;
    }));
    if (const std::optional<run::OfferedLoad> offered = run::offered_load(scenario)) {
      load.workers = 0;  // they wait
      load.exchange = {offered->bytes / offered->round_seconds, offered->messages / offered->round_seconds,
                       offered->server_memory};
    }
    load.processes = static_cast<unsigned>(roles.size() + scenario::instances(scenario).size());
  }
  return lab::shortages(plan, load, lab::this_machine());
}

std::string describe_shortage(const lab::Shortage& shortage) {
  return fmt::format("{}: {} ({})", shortage.what, shortage.figures, shortage.advice);
}

void warn_of(const std::vector<lab::Shortage>& shortages, const std::string& scenario, bool strict, bool quiet) {
  if (shortages.empty()) return;
  const bool hopeless =
      std::any_of(shortages.begin(), shortages.end(), [](const lab::Shortage& shortage) { return shortage.hopeless; });
  if (strict || hopeless) {
    std::string all;
    for (const lab::Shortage& shortage : shortages) {
      if (strict || shortage.hopeless) all += (all.empty() ? "" : "; ") + describe_shortage(shortage);
    }
    const char* hint = hopeless ? "it would run, and what it measured would be this machine, not the network"
                                : "without --strict it is tried all the same";
    throw InputError(scenario, "this machine is too small for it: " + all, hint);
  }
  if (quiet) return;
  for (const lab::Shortage& shortage : shortages)
    fmt::print(stderr, "geomx-emu: warning: {}\n", describe_shortage(shortage));
}

}  // namespace geomx::cli
