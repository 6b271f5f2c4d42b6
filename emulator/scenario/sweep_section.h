#pragma once

#include <optional>
#include <string>
#include <vector>

// The scenario file's "sweep": which values `geomx-emu sweep` gives to which paths where the command line does not say.
// It is no part of what runs, so a Scenario lacks it and a run folder's scenario.json too.
namespace geomx::scenario {

struct SweepSection {
  // A path as --set takes it, and its values: a list, each as JSON text, or what --vary would have behind its "=".
  struct Variation {
    std::string path;
    std::vector<std::string> list{};
    std::optional<std::string> text{};
  };
  std::vector<Variation> vary;  // in the file's order
  int repeat = 1;
};
inline constexpr int kMostRepetitions = 1000;

// Of the file at `path`; empty where it has none. Throws InputError where the file cannot be read or is no JSON; what
// else is wrong with it load() has said (parse.h).
SweepSection load_sweep_section(const std::string& path);

}  // namespace geomx::scenario
