#pragma once

#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

// A workload's commands as the processes that they stand for: one per command and node. Pure.
namespace geomx::scenario {

struct CommandInstance {
  std::size_t command = 0;  // its index in the workload
  std::string node;
  std::string name;  // "client"; "client@a-host-0" where the command runs in several nodes; empty where it has none
};

// The nodes of each command in the order of hostnames() (names.h), commands in the file's order. A node that two of a
// command's patterns match counts once. REQUIRES: the names in the scenario's topology are sound.
std::vector<CommandInstance> instances(const Scenario& scenario);

// Whether `name` is what `pattern` says, in which a * stands for any letters, none included.
bool matches(const std::string& pattern, const std::string& name);

}  // namespace geomx::scenario
