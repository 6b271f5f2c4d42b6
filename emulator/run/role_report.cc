#include "emulator/run/role_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emulator/run/job_variables.h"

namespace geomx::run {
namespace {

// The variables that all have, with the same value.
std::map<std::string, std::string> common_variables(const std::vector<RoleProcess>& processes) {
  std::map<std::string, std::string> common = processes.front().environment;
  for (const RoleProcess& process : processes) {
    std::erase_if(common, [&](const auto& variable) {
      const auto found = process.environment.find(variable.first);
      return found == process.environment.end() || found->second != variable.second;
    });
  }
  return common;
}

// What the global servers are told besides about checkpoints, which is of no other role.
std::string checkpoint_line(const std::vector<RoleProcess>& processes) {
  for (const RoleProcess& process : processes) {
    std::string line;
    for (const auto& [name, value] : process.environment) {
      if (name.starts_with("GEOMX_CHECKPOINT_")) line += fmt::format(" {}={}", name, value);
    }
    if (!line.empty()) return fmt::format("\nevery {} is told{}", to_string(process.role.kind), line);
  }
  return {};
}

// Who keeps its training there, too.
std::string keepers_line(const std::vector<RoleProcess>& processes) {
  std::vector<std::string> names;
  for (const RoleProcess& process : processes) {
    const auto& argv = process.argv;
    if (std::find(argv.begin(), argv.end(), kCheckpointOption) != argv.end()) names.push_back(process.role.name);
  }
  return names.empty() ? std::string() : fmt::format("\ncheckpoints of workers: {}", fmt::join(names, ", "));
}

}  // namespace

std::string describe(const std::vector<RoleProcess>& processes) {
  if (processes.empty()) return {};
  std::string text = "\nevery role is told";
  for (const auto& [name, value] : common_variables(processes)) text += fmt::format(" {}={}", name, value);
  const RoleProcess& last = processes.back();
  text += checkpoint_line(processes) + keepers_line(processes);
  return text + fmt::format("\n{} runs {}\n", last.role.name, fmt::join(last.argv, " "));
}

std::string add_roles(const std::string& plan_json, const std::vector<RoleProcess>& processes) {
  if (processes.empty()) return plan_json;
  auto plan = nlohmann::ordered_json::parse(plan_json);
  for (const RoleProcess& process : processes) {
    plan["roles"].push_back({{"node", process.role.name},
                             {"role", to_string(process.role.kind)},
                             {"argv", process.argv},
                             {"environment", process.environment}});
  }
  return plan.dump(2);
}

}  // namespace geomx::run
