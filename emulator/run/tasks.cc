#include "emulator/run/tasks.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "emulator/run/environment.h"
#include "emulator/run/job_variables.h"
#include "emulator/scenario/profile.h"
#include "emulator/scenario/workload.h"

namespace geomx::run {

namespace {

constexpr const char* kJoinTimeout = "GEOMX_JOIN_TIMEOUT";
constexpr std::chrono::seconds kUsualJoinTimeout(10);  // geomx-node's own
constexpr std::size_t kUsualRolesPerCore = 8;
// Measured: 0.9 s of a core for a worker to start and load its data; twice that, for what else the machine does.
constexpr std::chrono::seconds kPerRoleAndCore(2);

// A variable as the process of a task has it: a node's own is over whatever else there is.
std::string variable(const Task& task, const lab::Plan& plan, const char* name) {
  for (const lab::PlannedNode& node : plan.nodes) {
    if (node.name != task.node) continue;
    if (const auto own = node.machine.env.find(name); own != node.machine.env.end()) return own->second;
  }
  if (const auto own = task.environment.find(name); own != task.environment.end()) return own->second;
  const char* all = std::getenv(name);
  return all == nullptr ? "" : all;
}

// The parameter server's policy for dead workers (docs/faults.md): it is enough to tell one node. Without heartbeats,
// nobody finds out.
bool goes_on_without_dead_workers(const std::vector<Task>& tasks, const lab::Plan& plan) {
  return std::none_of(tasks.begin(), tasks.end(), [&](const Task& task) {
    const std::string timeout = variable(task, plan, "PS_HEARTBEAT_TIMEOUT");
    return variable(task, plan, "GEOMX_ON_WORKER_DEATH") == "wait" ||
           (!timeout.empty() && std::atof(timeout.c_str()) == 0);
  });
}

}  // namespace

std::chrono::seconds join_timeout(std::size_t roles, unsigned cores) {
  const std::size_t per_core = roles / std::max(cores, 1u);
  if (per_core <= kUsualRolesPerCore) return kUsualJoinTimeout;
  return kUsualJoinTimeout + kPerRoleAndCore * (per_core - kUsualRolesPerCore);
}

std::chrono::milliseconds usual_stall(const scenario::Scenario& scenario) {
  constexpr std::chrono::milliseconds kUsual(120'000);
  constexpr std::chrono::milliseconds kToBeLost(30'000);  // until silence is noticed, and told
  if (!scenario.training) return kUsual;
  // Who sleeps through a step is as silent as who is stuck; jitter makes some longer.
  constexpr double kOfAStep = 3;
  const std::chrono::duration<double> step(kOfAStep * scenario::step_seconds(*scenario.training).longest);
  const auto stepping = std::chrono::ceil<std::chrono::milliseconds>(step);
  const scenario::Faults& faults = scenario.training->faults;
  if (!faults.rejoin_timeout) return std::max(kUsual, stepping);
  const Nanoseconds silence = faults.heartbeat_timeout.value_or(Nanoseconds{0});
  const auto rejoining = std::chrono::ceil<std::chrono::milliseconds>(*faults.rejoin_timeout + silence) + kToBeLost;
  return std::max({kUsual, stepping, rejoining});
}

std::vector<Task> training_tasks(const scenario::Scenario& scenario, const lab::Plan& plan, const std::string& program,
                                 unsigned cores) {
  std::vector<Task> tasks;
  std::vector<std::string> parties;
  for (RoleProcess& process : role_processes(scenario, plan, program)) {
    Task task;
    task.name = task.node = process.role.name;
    task.argv = std::move(process.argv);
    task.environment = std::move(process.environment);
    task.kind = is_worker(process.role.kind) ? TaskKind::main : TaskKind::follower;
    task.metrics = true;
    const bool trains = process.role.data_slice >= 0;
    parties.push_back(trains ? task.environment.at("DMLC_PS_ROOT_URI") : "");  // whose scheduler it has
    tasks.push_back(std::move(task));
  }
  if (goes_on_without_dead_workers(tasks, plan)) {
    for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i].party = parties[i];
  }
  const std::chrono::seconds timeout = join_timeout(tasks.size(), cores);
  const bool users_own = std::getenv(kJoinTimeout) != nullptr;  // the lab hands it on
  if (timeout > kUsualJoinTimeout && !users_own) {
    for (Task& task : tasks) task.environment.try_emplace(kJoinTimeout, std::to_string(timeout.count()));
  }
  return tasks;
}

void secure(std::vector<Task>& tasks, const std::function<control::KeyPair()>& make_key_pair) {
  const control::KeyPair listeners = make_key_pair();
  std::string admitted;
  for (Task& task : tasks) {
    // Workers that add up each other's gradients listen, too.
    const bool listens = task.kind == TaskKind::follower || task.environment.contains("ENABLE_INTRA_TS");
    const control::KeyPair own = listens ? listeners : make_key_pair();
    task.environment["GEOMX_SECURITY"] = "curve";
    task.environment["GEOMX_CURVE_PUBLIC_KEY"] = own.public_key;
    task.environment["GEOMX_CURVE_SECRET_KEY"] = own.secret_key;
    task.environment["GEOMX_CURVE_SERVER_KEY"] = listeners.public_key;
    if (!listens) admitted += (admitted.empty() ? "" : ",") + own.public_key;
  }
  if (admitted.empty()) return;
  for (Task& task : tasks) {
    if (task.kind == TaskKind::follower) task.environment["GEOMX_CURVE_ADMITTED_KEYS"] = admitted;
  }
}

void put_into(const std::filesystem::path& run_folder, std::vector<Task>& tasks) {
  const auto put = [&](std::string& folder) { folder = (std::filesystem::absolute(run_folder) / folder).string(); };
  for (Task& task : tasks) {
    const auto variable = task.environment.find(kCheckpointVariable);
    if (variable != task.environment.end()) put(variable->second);
    const auto option = std::find(task.argv.begin(), task.argv.end(), kCheckpointOption);
    if (option != task.argv.end()) put(*std::next(option));
  }
}

void seal_datagrams(std::vector<Task>& tasks, const std::string& key) {
  for (Task& task : tasks) {
    // Servers of the plane between parties: its scheduler has no role in a party.
    const bool between_parties =
        task.environment.contains("DMLC_PS_GLOBAL_ROOT_URI") && task.environment.contains("DMLC_ROLE");
    const bool datagrams = task.environment.contains("ENABLE_DGT") && task.environment.at("ENABLE_DGT") == "1";
    if (between_parties && datagrams) task.environment["GEOMX_DGT_KEY"] = key;
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
