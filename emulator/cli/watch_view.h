#pragma once

#include <string>
#include <vector>

#include "emulator/control/rates.h"
#include "emulator/control/watched_fidelity.h"

// Rates as a table for people and as a line for programs. Pure.
namespace geomx::cli {

// The heading, then two lines per link: one for each direction. LAN links only where `all`, or where there are no
// others; how many are left out is said in the last line.
std::vector<std::string> watch_table(const std::vector<control::LinkRates>& links, bool all,
                                     const control::WatchedFidelity& fidelity = {});

// One JSON object without line breaks: time (seconds since 1970), seconds (that the rates are over), lab, links,
// fidelity.
std::string watch_line(const std::string& lab, double time, double seconds,
                       const std::vector<control::LinkRates>& links, const control::WatchedFidelity& fidelity = {});

}  // namespace geomx::cli
