#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "emulator/sweep/database.h"
#include "emulator/sweep/progress.h"
#include "emulator/sweep/sweep_folder.h"

namespace geomx::sweep {

struct SweepOptions {
  std::string program;                             // geomx-emu's path
  int jobs = 1;                                    // runs at once, at most
  std::optional<std::chrono::milliseconds> limit;  // of a run: one that takes longer is ended, and has failed
  std::chrono::milliseconds patience{60'000};      // for runs that were asked to end; then they are killed
};

enum class SweepEnd { complete, interrupted };

// Runs whatever is pending in `database`, each as a process of its own, and records what comes of it. One that fails,
// crashes or is killed is the loss of that run alone. SIGINT, SIGTERM and SIGHUP end the runs that go on, their labs
// taken down; these are pending again. A second signal kills them. Throws WorkError where the results cannot be
// recorded; no run is left then. Call it while the process has one thread.
SweepEnd run_pending(Database& database, const SweepFolder& folder, const SweepOptions& options,
                     SweepProgress& progress);

}  // namespace geomx::sweep
