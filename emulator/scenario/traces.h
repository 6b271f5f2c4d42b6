#pragma once

#include <string>

#include "emulator/scenario/json.h"
#include "emulator/scenario/scenario.h"

namespace geomx::scenario {

// Internal to this folder; the only one that reads other files than the scenario.

// Gives every trace of the links its content: files are read, relative to `folder` where their path is, and tables that
// make sense are taken over. What is wrong with a file is added to the problems, at the trace's "file". Files that
// events name are read as well, so that they are known to be right, and their paths made absolute.
void read_traces(Scenario& scenario, const std::string& folder, Problems& problems);

// The same for one trace, whose path is absolute.
void read_trace(LinkProperties& properties, Problems& problems);

}  // namespace geomx::scenario
