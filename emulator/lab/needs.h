#pragma once

#include <vector>

#include "emulator/base/error.h"
#include "emulator/lab/plan.h"
#include "emulator/scenario/scenario.h"

// What a scenario needs of this machine, beside what every lab does, and what of that it has not.
namespace geomx::lab {

// Each says where in the scenario (a JSON pointer), what is missing and what to do. Looks at files, tries out cgroups
// and NAT.
std::vector<InputError> unmet_needs(const scenario::Scenario& scenario);

// Throws the first of them. `running`: of a lab that is to become this one, whose uplinks and devices are there and
// stay; asked from within it, where the machine's own network is out of sight.
void require_needs(const scenario::Scenario& scenario, bool running = false);

// Fills in what podman's images are made of. Throws WorkError where one cannot be had.
void find_images(Plan& plan);

}  // namespace geomx::lab
