#pragma once

#include <string>
#include <vector>

#include "emulator/lab/capacity.h"
#include "emulator/lab/plan.h"
#include "emulator/scenario/scenario.h"

// What `run`, `up` and `check` say about a machine that is too small for a scenario.
namespace geomx::cli {

// `with_job`: what the scenario runs counts too.
std::vector<lab::Shortage> shortages_here(const scenario::Scenario& scenario, const lab::Plan& plan, bool with_job);

// One line each: "forwarding: 12 wire links may carry 24Gbit in all, ... (fewer or slower links)".
std::string describe_shortage(const lab::Shortage& shortage);

// Prints a warning for each on standard error, but where `quiet`. Throws an InputError of those that are hopeless; with
// `strict`, of all of them.
void warn_of(const std::vector<lab::Shortage>& shortages, const std::string& scenario, bool strict, bool quiet);

}  // namespace geomx::cli
