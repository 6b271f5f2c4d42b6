#pragma once

#include <map>
#include <string>
#include <vector>

#include "emulator/lab/plan.h"
#include "emulator/scenario/roles.h"
#include "emulator/scenario/scenario.h"

// A role of the training job -> the process that plays it: the deployment guide's environment variables (DMLC_*) and
// the arguments of geomx-node. Pure: nothing is started here, and nothing but the scenario and the plan is read.
namespace geomx::run {

// A host of its own per role, hence the same two ports everywhere.
inline constexpr int kGlobalSchedulerPort = 9092;
inline constexpr int kSchedulerPort = 9093;

struct RoleProcess {
  scenario::Role role;  // role.name is also the node it runs in
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
};

// In the order in which they are started: schedulers, servers, workers. `program` is the path of geomx-node; every
// role writes its metrics (metrics.h) to descriptor 3. A relative GEOMX_CHECKPOINT_DIR is in the run folder (tasks.h).
// Throws InputError where the plan lacks a role's node.
std::vector<RoleProcess> role_processes(const scenario::Scenario& scenario, const lab::Plan& plan,
                                        const std::string& program);

bool is_worker(scenario::RoleKind kind);  // the master worker too
const char* to_string(scenario::RoleKind kind);

// Takes out of this process's environment what would configure a role behind the scenario's back: the variables of the
// guide and GEOMX_*, but for time limits and verbosity.
// Call it before the lab is launched, while there is one thread.
void clear_role_environment();

// geomx-node beside the running program. Throws WorkError naming the place where it should be.
std::string find_node_program();

}  // namespace geomx::run
