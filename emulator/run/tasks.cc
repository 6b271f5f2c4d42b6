#include "emulator/run/tasks.h"

#include "emulator/run/environment.h"

namespace geomx::run {

std::vector<Task> training_tasks(const scenario::Scenario& scenario, const lab::Plan& plan,
                                 const std::string& program) {
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
