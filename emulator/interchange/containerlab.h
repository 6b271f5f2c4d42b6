#pragma once

#include <string>

#include "emulator/interchange/note.h"
#include "emulator/lab/plan.h"

namespace geomx::interchange {

struct Containerlab {
  std::string yaml;
  Notes notes;  // what is left out; what has to be done by hand
};

// A lab's plan as a topology file of containerlab (https://containerlab.dev): its nodes as linux containers of `image`
// with the plan's addresses and routes, its switches as bridges, which containerlab wants to find on the machine. What
// links are asked has no place in such a file: the commands that set it stand in it as comments. Pure.
Containerlab to_containerlab(const lab::Plan& plan, const std::string& image);

}  // namespace geomx::interchange
