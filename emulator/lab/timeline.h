#pragma once

#include <vector>

#include "emulator/lab/plan.h"
#include "emulator/scenario/scenario.h"

// A scenario's events -> what happens when. Pure: the same scenario gives the same timeline.
namespace geomx::lab {

// In the order of time; what happens at the same time, in the order of the file. REQUIRES: `plan` has the scenario's
// nodes and links, with what is asked of them. Throws InputError with the event's pointer where one cannot happen: a
// ramp of a rate that the link has not got, a jitter above the delay, more than a million moments.
std::vector<TimedAction> make_timeline(const scenario::Scenario& scenario, const Plan& plan);

// Gives each link that the timeline changes the one shaper that can do all that it asks for, and without losing what
// is queued when a property comes or goes. Throws InputError with the event's pointer where there is none.
void fit_shapers(Plan& plan);

}  // namespace geomx::lab
