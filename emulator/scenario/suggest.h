#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace geomx::scenario {

// The candidate nearest to `name` by edit distance (insert, delete, replace, swap neighbours), or empty where none is
// near enough to be what was meant.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

// "did you mean "X"?" for the nearest one, else "known: A, B, C" while that stays short, else empty.
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);

// The same for a key of the scenario file, knowing also what other tools call it: "bandwidth", "latency".
std::string key_suggestion(const std::string& key, const std::vector<std::string>& known);

}  // namespace geomx::scenario
