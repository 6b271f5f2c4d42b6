#pragma once

#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

namespace geomx::scenario {

// What changed from `before` to `after`, one line each, in the order of the file's keys and in the notation of --set:
// "topology.links.wan-a.forward.rate: 100Mbit -> 10Mbit", "topology.nodes.r1: added". Empty: they are equal.
std::vector<std::string> diff(const Scenario& before, const Scenario& after);

}  // namespace geomx::scenario
