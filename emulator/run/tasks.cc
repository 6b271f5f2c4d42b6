#include "emulator/run/tasks.h"

#include <algorithm>
#include <cstdlib>

#include "emulator/run/environment.h"

namespace geomx::run {

namespace {

constexpr const char* kJoinTimeout = "GEOMX_JOIN_TIMEOUT";
constexpr std::chrono::seconds kUsualJoinTimeout(10);  // geomx-node's own
constexpr std::size_t kUsualRolesPerCore = 8;
// Measured: 0.9 s of a core for a worker to start and load its data; twice that, for what else the machine does.
constexpr std::chrono::seconds kPerRoleAndCore(2);

}  // namespace

std::chrono::seconds join_timeout(std::size_t roles, unsigned cores) {
  const std::size_t per_core = roles / std::max(cores, 1u);
  if (per_core <= kUsualRolesPerCore) return kUsualJoinTimeout;
  return kUsualJoinTimeout + kPerRoleAndCore * (per_core - kUsualRolesPerCore);
}

std::vector<Task> training_tasks(const scenario::Scenario& scenario, const lab::Plan& plan, const std::string& program,
                                 unsigned cores) {
  std::vector<Task> tasks;
  for (RoleProcess& process : role_processes(scenario, plan, program)) {
    Task task;
    task.name = task.node = process.role.name;
    task.argv = std::move(process.argv);
    task.environment = std::move(process.environment);
    task.kind = is_worker(process.role.kind) ? TaskKind::main : TaskKind::follower;
    task.metrics = true;
    tasks.push_back(std::move(task));
  }
  const std::chrono::seconds timeout = join_timeout(tasks.size(), cores);
  const bool users_own = std::getenv(kJoinTimeout) != nullptr;  // the lab hands it on
  if (timeout > kUsualJoinTimeout && !users_own) {
    for (Task& task : tasks) task.environment[kJoinTimeout] = std::to_string(timeout.count());
  }
  return tasks;
}

std::vector<Task> workload_tasks(const scenario::Scenario& scenario, const std::string& directory) {
  std::vector<Task> tasks;
  for (const scenario::Command& command : scenario.workload) {
    Task task;
    task.name = command.node + ": " + (command.argv.empty() ? std::string() : command.argv.front());
    task.node = command.node;
    task.argv = command.argv;
    task.directory = directory;
    task.kind = command.background ? TaskKind::background : TaskKind::main;
    task.at = command.at.value_or(Nanoseconds{0});
    tasks.push_back(std::move(task));
  }
  return tasks;
}

}  // namespace geomx::run
