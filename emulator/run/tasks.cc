#include "emulator/run/tasks.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "emulator/run/environment.h"
#include "emulator/scenario/workload.h"

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

void secure(std::vector<Task>& tasks, const std::function<control::KeyPair()>& make_key_pair) {
  const control::KeyPair listeners = make_key_pair();
  std::string admitted;
  for (Task& task : tasks) {
    const bool listens = task.kind == TaskKind::follower;
    const control::KeyPair own = listens ? listeners : make_key_pair();
    task.environment["GEOMX_SECURITY"] = "curve";
    task.environment["GEOMX_CURVE_PUBLIC_KEY"] = own.public_key;
    task.environment["GEOMX_CURVE_SECRET_KEY"] = own.secret_key;
    task.environment["GEOMX_CURVE_SERVER_KEY"] = listeners.public_key;
    if (!listens) admitted += (admitted.empty() ? "" : ",") + own.public_key;
  }
  for (Task& task : tasks) {
    if (task.kind == TaskKind::follower) task.environment["GEOMX_CURVE_ADMITTED_KEYS"] = admitted;
  }
}

std::vector<Task> workload_tasks(const scenario::Scenario& scenario, const std::string& directory) {
  std::vector<Task> tasks;
  std::map<std::string, std::vector<std::size_t>> named;  // a command's name -> its tasks
  for (scenario::CommandInstance& instance : scenario::instances(scenario)) {
    const scenario::Command& command = scenario.workload[instance.command];
    if (!command.name.empty()) named[command.name].push_back(tasks.size());
    Task task;
    const std::string& program = command.argv.empty() ? command.name : command.argv.front();
    task.name = instance.node + ": " + (command.name.empty() ? program : command.name);
    task.node = std::move(instance.node);
    task.command = task.log = std::move(instance.name);
    task.argv = command.argv;
    task.environment = command.environment;
    task.directory = command.directory ? (std::filesystem::path(directory) / *command.directory).string() : directory;
    task.kind = command.background ? TaskKind::background : TaskKind::main;
    task.at = command.at.value_or(Nanoseconds{0});
    task.ready = command.ready;
    task.timeout = command.timeout;
    task.may_fail = command.may_fail;
    task.repeat = command.repeat;
    tasks.push_back(std::move(task));
  }
  std::size_t next = 0;
  for (const scenario::CommandInstance& instance : scenario::instances(scenario)) {
    for (const std::string& name : scenario.workload[instance.command].after) {
      tasks[next].after.insert(tasks[next].after.end(), named[name].begin(), named[name].end());
    }
    ++next;
  }
  return tasks;
}

}  // namespace geomx::run
