#pragma once

#include <string>
#include <vector>

#include "emulator/lab/plan.h"

// What a plan says of devices, and what it may not say. Pure.
namespace geomx::lab {

PlannedDevice planned_device(const scenario::Device& device);

// Throws InputError where a device's address lies in a network of the lab, and where a device would come to, change in
// or go from the lab that runs (null: none does), which cannot reach the machine's own network. REQUIRES: interfaces
// have their addresses. `pointers`: where the scenario says each node, by the plan's order.
void judge_devices(const Plan& plan, const std::vector<std::string>& pointers, const Plan* running);

}  // namespace geomx::lab
