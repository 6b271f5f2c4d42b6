#include "emulator/scenario/write.h"

#include "emulator/scenario/table.h"

namespace geomx::scenario {

std::string write(const Scenario& scenario) {
  return scenario_table().write(scenario).dump(2) + "\n";
}

}  // namespace geomx::scenario
