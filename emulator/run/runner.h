#pragma once

#include <chrono>
#include <string>

#include "emulator/lab/plan.h"
#include "emulator/run/progress.h"
#include "emulator/run/run_folder.h"
#include "emulator/run/summary.h"
#include "emulator/scenario/scenario.h"

// A run from beginning to end: lab up, roles started, everything recorded, expectations judged, lab down.
namespace geomx::run {

struct RunOptions {
  std::chrono::milliseconds stall{120'000};  // training without a step and without traffic for so long fails the run
  std::chrono::milliseconds grace{10'000};   // for the servers to follow the last worker
  std::chrono::milliseconds sample_interval{500};
  std::string command_line;  // kept in run.json, so that a folder explains itself
};

// Never throws for what happens during the run: a failed or interrupted one has a summary as well, written to the
// folder like any other, even where the disk is full. Throws InputError where the lab cannot be had as asked, and
// SystemError where the folder cannot even be begun. Call it while the process has one thread. The lab is named after
// the scenario; with -2, -3, ... where a lab of that name is up already.
Summary execute(const scenario::Scenario& scenario, lab::Plan plan, const RunFolder& folder, const RunOptions& options,
                ProgressView& view);

}  // namespace geomx::run
