#pragma once

#include "emulator/scenario/json.h"
#include "emulator/scenario/scenario.h"

namespace geomx::scenario {

// What no key can be judged for alone: references, duplicate names, connectivity, what excludes what. `known` is what
// reading the file has complained about already: nothing that only follows from it is reported again. Pure. Internal to
// this folder; a scenario made by other means is judged by parse(write(scenario)).
Problems validate(const Scenario& scenario, const Problems& known);

}  // namespace geomx::scenario
