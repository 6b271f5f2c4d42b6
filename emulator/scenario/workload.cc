#include "emulator/scenario/workload.h"

#include <algorithm>

#include "emulator/scenario/names.h"

namespace geomx::scenario {

bool matches(const std::string& pattern, const std::string& name) {
  // The usual walk with one place to go back to: behind the last star, one letter further.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string::npos;
}

std::vector<CommandInstance> instances(const Scenario& scenario) {
  const std::vector<std::string> hosts = hostnames(scenario);
  std::vector<CommandInstance> all;
  for (std::size_t c = 0; c < scenario.workload.size(); ++c) {
    const Command& command = scenario.workload[c];
    if (command.nodes.empty()) {
      all.push_back({c, command.node, command.name});
      continue;
    }
    for (const std::string& host : hosts) {
      const bool wanted = std::any_of(command.nodes.begin(), command.nodes.end(),
                                      [&](const std::string& pattern) { return matches(pattern, host); });
      if (wanted) all.push_back({c, host, command.name.empty() ? "" : command.name + "@" + host});
    }
  }
  return all;
}

}  // namespace geomx::scenario
