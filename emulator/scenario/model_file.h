#pragma once

#include <string>

#include "emulator/scenario/json.h"
#include "emulator/scenario/training.h"

namespace geomx::scenario {

// Where the model is described by a file: makes its path, which is relative to `folder`, a whole one, and looks whether
// it can be read. The workers read it.
void find_model(Training& training, const std::string& folder, Problems& problems);

}  // namespace geomx::scenario
