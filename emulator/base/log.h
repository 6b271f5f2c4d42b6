#pragma once

#include <spdlog/spdlog.h>

// Diagnostics go to standard error through spdlog's default logger; `log_to_stderr` gives it the project's format.
// Libraries log what a developer wants to follow (debug) or a user should know (warn); errors are thrown, not logged.
namespace geomx {

void log_to_stderr(const std::string& program, spdlog::level::level_enum level);

}  // namespace geomx
