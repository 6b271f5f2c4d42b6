#include "emulator/run/role_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

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

}  // namespace

std::string describe(const std::vector<RoleProcess>& processes) {
  if (processes.empty()) return {};
  std::string text = "\nevery role is told";
  for (const auto& [name, value] : common_variables(processes)) text += fmt::format(" {}={}", name, value);
  const RoleProcess& last = processes.back();
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
