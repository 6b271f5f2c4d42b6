#pragma once

#include <filesystem>
#include <string>

#include "emulator/run/summary.h"

// The closing table of a run, for people: what was reached, where the bytes went, asked against measured, the verdict.
namespace geomx::run {

// Lines ending in '\n'. Links: those of the WAN, and of the LAN those with a reason in the verdict only.
std::string closing_table(const std::string& scenario_name, const Summary& summary,
                          const std::filesystem::path& folder);

}  // namespace geomx::run
