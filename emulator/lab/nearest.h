#pragma once

#include <string>
#include <vector>

namespace geomx::lab {

// The candidate with the fewest edits from `word` (Levenshtein), for "did you mean ...?"; empty where even that one
// differs in more than half of its letters.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace geomx::lab
