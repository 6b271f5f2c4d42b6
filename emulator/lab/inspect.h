#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/lab/lab.h"

// What a plan says and what the kernel has, as JSON documents. Both have the arrays `nodes` and `links`, by the same
// keys; an inspection adds to each what was read back: whether it agrees, and the counters.
namespace geomx::lab {

std::string plan_json(const Plan& plan);

struct Started {  // what the lab itself runs in a node
  std::string node;
  std::string what;  // "routing", "start"
  std::uint64_t process = 0;
  std::string state;  // "running", "exited with code 3", "killed by signal 9"
  std::string log;    // the file of its output
};

// Reads back every namespace: interfaces, addresses, routes, neighbours, and of every link its shaper and counters.
// `scenario_json` is put in under "scenario",
// `started` with its nodes, `fidelity_json` under "fidelity". About 1 ms per node. Throws SystemError.
std::string inspect(Lab& lab, const std::string& scenario_json, const std::vector<Started>& started = {},
                    const std::string& fidelity_json = {});

// The element of `links` for one link. InputError for a name that the plan does not have.
std::string inspect_link(Lab& lab, const std::string& name);

}  // namespace geomx::lab
