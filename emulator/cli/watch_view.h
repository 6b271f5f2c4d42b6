#pragma once

#include <string>
#include <vector>

#include "emulator/cli/rates.h"

// Rates as a table for people and as a line for programs. Pure.
namespace geomx::cli {

// The heading, then two lines per link: one for each direction. LAN links only where `all`, or where there are no
// others; how many are left out is said in the last line.
std::vector<std::string> watch_table(const std::vector<LinkRates>& links, bool all);

// One JSON object without line breaks: time (seconds since 1970), seconds (that the rates are over), lab, links.
std::string watch_line(const std::string& lab, double time, double seconds, const std::vector<LinkRates>& links);

}  // namespace geomx::cli
