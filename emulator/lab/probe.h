#pragma once

#include <string>
#include <vector>

#include "emulator/shaper/features.h"

namespace geomx::lab {

struct Survey {
  shaper::KernelFeatures features;
  std::string congestion_controls;   // that a node may choose from: "reno cubic bbr"
  std::vector<std::string> refused;  // settings that a node does not get here: "congestion control cubic"
};

// What this kernel can do for links, tried in a throw-away child process with namespaces of its own (user and network):
// the caller's namespaces are never touched. Safe to call while other threads run. Throws WorkError where no network
// namespace can be made at all, saying what to do about it.
Survey survey_kernel();
shaper::KernelFeatures probe_kernel();  // the part that a plan needs

}  // namespace geomx::lab
