#pragma once

#include <string>

#include "emulator/scenario/scenario.h"

// What the texts of a Machine mean.
namespace geomx::scenario {

// Whether an image is a folder: it starts with "/", "./" or "../".
bool is_folder(const std::string& image);

// Makes the paths of this machine that a scenario names absolute: relative ones are relative to `folder`.
void resolve_paths(Scenario& scenario, const std::string& folder);

}  // namespace geomx::scenario
