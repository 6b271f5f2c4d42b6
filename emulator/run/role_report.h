#pragma once

#include <string>
#include <vector>

#include "emulator/run/environment.h"

// What the roles of a training job will be started with, before they are: of `geomx-emu plan`. Pure.
namespace geomx::run {

// For people: what every role is told, and a worker's command line.
std::string describe(const std::vector<RoleProcess>& processes);

// The lab's plan as one JSON object, with the array `roles`: node, role, argv, environment. Without roles, as it was.
std::string add_roles(const std::string& plan_json, const std::vector<RoleProcess>& processes);

}  // namespace geomx::run
