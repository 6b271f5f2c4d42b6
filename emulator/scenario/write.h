#pragma once

#include <string>

#include "emulator/scenario/scenario.h"

namespace geomx::scenario {

// The scenario as a file of version 1, with every default spelled out: parse(write(s)) == s. Ends with a newline.
std::string write(const Scenario& scenario);

}  // namespace geomx::scenario
