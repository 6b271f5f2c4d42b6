#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

// What a lab says of its own fidelity, for those who watch it. Pure.
namespace geomx::control {

struct WatchedFidelity {
  std::string verdict;  // since the lab came up; empty: nobody was asked
  std::string now;
  std::map<std::pair<std::string, std::string>, std::string> directions;  // link and direction -> now
  std::vector<std::string> deviations;                                    // what is or was off, one line each
};

// Of Client::fidelity()'s document. Throws WorkError where it is not one.
WatchedFidelity watched_fidelity(const std::string& json);

}  // namespace geomx::control
