#include "emulator/run/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulator/base/error.h"
#include "emulator/scenario/roles.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const fs::path a = fs::weakly_canonical(inner);
  const fs::path b = fs::weakly_canonical(outer);
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).second == b.end();
}

// Of the one that evaluates, whom every job has.
bool has_worker_checkpoint(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("worker-0-round-") && name.ends_with(".safetensors")) return true;
  }
  return false;
}

}  // namespace

void require_checkpoints(const scenario::Scenario& scenario, const std::optional<fs::path>& run_folder) {
  if (!scenario.training || !scenario.training->checkpoint || !scenario.training->checkpoint->resume) return;
  const fs::path folder = scenario.training->checkpoint->dir.value();  // validated
  if (run_folder && lies_in(fs::absolute(folder), fs::absolute(*run_folder))) {
    throw InputError(folder.string(), "the checkpoints to resume from are in the folder of this run, which is cleared",
                     "choose another place with --out DIR");
  }
  int rank = 0;
  for (const scenario::Role& role : scenario::roles_of(scenario)) {
    if (role.kind != scenario::RoleKind::global_server) continue;
    const fs::path file = folder / fmt::format("global-server-{}.checkpoint", rank++);
    if (fs::exists(file)) continue;
    throw InputError(file.string(), "there is no such checkpoint to resume from",
                     "an earlier run with \"checkpoint\" leaves its checkpoints in its run folder");
  }
  if (!has_worker_checkpoint(folder)) {
    throw InputError(folder.string(), "there is no checkpoint of a worker to resume from, worker-0-round-N.safetensors",
                     "an earlier run with \"checkpoint\" leaves its checkpoints in its run folder");
  }
}

}  // namespace geomx::run
