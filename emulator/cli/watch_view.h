#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "emulator/cli/rates.h"

// Rates as a table for people and as a line for programs. Pure.
namespace geomx::cli {

// What the lab says of its own fidelity.
struct WatchedFidelity {
  std::string verdict;  // since the lab came up; empty: nobody was asked
  std::string now;
  std::map<std::pair<std::string, std::string>, std::string> directions;  // link and direction -> now
  std::vector<std::string> deviations;                                    // what is or was off, one line each
};
// Of Client::fidelity()'s document. Throws WorkError where it is not one.
WatchedFidelity watched_fidelity(const std::string& json);

// The heading, then two lines per link: one for each direction. LAN links only where `all`, or where there are no
// others; how many are left out is said in the last line.
std::vector<std::string> watch_table(const std::vector<LinkRates>& links, bool all,
                                     const WatchedFidelity& fidelity = {});

// One JSON object without line breaks: time (seconds since 1970), seconds (that the rates are over), lab, links,
// fidelity.
std::string watch_line(const std::string& lab, double time, double seconds, const std::vector<LinkRates>& links,
                       const WatchedFidelity& fidelity = {});

}  // namespace geomx::cli
