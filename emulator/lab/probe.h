#pragma once

#include "emulator/shaper/features.h"

namespace geomx::lab {

// What this kernel can do for links, tried in a throw-away child process with namespaces of its own (user and network):
// the caller's namespaces are never touched. Safe to call while other threads run. Throws WorkError where no network
// namespace can be made at all, saying what to do about it.
shaper::KernelFeatures probe_kernel();

}  // namespace geomx::lab
