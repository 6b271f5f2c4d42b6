#pragma once

#include <string>
#include <vector>

#include "emulator/lab/plan.h"

namespace geomx::lab {

// What has to be done to a lab of plan `before` to make it one of plan `after`, one line each: "- link wan-b",
// "+ node h9 (host): eth0 10.1.0.5/16", "~ link wan-a a->b: rate 100Mbit delay 20ms -> rate 10Mbit delay 20ms",
// "~ routes of 3 nodes". Empty: nothing.
std::vector<std::string> differences(const Plan& before, const Plan& after);

}  // namespace geomx::lab
