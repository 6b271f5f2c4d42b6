#pragma once

#include <string>
#include <vector>

namespace geomx::interchange {

// One thing of a file that its conversion leaves out or changes.
struct Note {
  std::string where;  // "PATH:LINE:COLUMN", "PATH: /JSON/POINTER" or what of the scenario
  std::string what;
  std::string hint;  // may be empty
};
using Notes = std::vector<Note>;

}  // namespace geomx::interchange
