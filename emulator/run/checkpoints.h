#pragma once

#include <filesystem>
#include <optional>

#include "emulator/scenario/scenario.h"

namespace geomx::run {

// Before anything is made: that what a scenario resumes from is there, one checkpoint for each global server and one
// of a worker, and that
// the run's own folder, which is cleared, is not where it is. Throws InputError.
void require_checkpoints(const scenario::Scenario& scenario, const std::optional<std::filesystem::path>& run_folder);

}  // namespace geomx::run
