#pragma once

#include <map>
#include <string>

#include "emulator/scenario/roles.h"
#include "emulator/scenario/scenario.h"

// A training section -> the variables by which geomx-node hears of it (docs/training.md), its counts, addresses and
// secrets apart. What the scenario leaves out, and is the parameter server's default, is not spelled out. Pure.
namespace geomx::run {

using EnvironmentVariables = std::map<std::string, std::string>;

// What every role is told, the same: algorithms, flow, faults.
EnvironmentVariables job_variables(const scenario::Training& training);

// Where checkpoints are, in the run folder, if the scenario does not say; relative, as the plan has it.
inline constexpr const char* kCheckpointFolder = "checkpoints";
inline constexpr const char* kCheckpointVariable = "GEOMX_CHECKPOINT_DIR";  // of global servers
inline constexpr const char* kCheckpointOption = "--checkpoint";            // of workers
inline constexpr int kCheckpointEvery = 10;  // rounds, left out: GEOMX_CHECKPOINT_EVERY's

std::string checkpoint_folder(const scenario::Checkpoint& checkpoint);

// What every global server is told besides. A folder of the scenario's is absolute.
EnvironmentVariables checkpoint_variables(const scenario::Training& training);

}  // namespace geomx::run
