#pragma once

#include <gtest/gtest.h>

#include <string>

#include "emulator/shaper/direction.h"

// Which shapers this kernel offers, in the private network that the suite runs in.
namespace geomx::test {

bool set(const char* variable);  // of the environment: neither empty nor 0
bool full();                     // GEOMX_CONFORMANCE=full
std::string name(shaper::Kind kind);

// Whether a link bed of that kind can be had, or in `missing` why this kernel cannot have it.
bool available(shaper::Kind kind, const shaper::Direction& forward, const shaper::Direction& backward,
               std::string& missing);

bool can_hold_frames();  // whether frames of a wire can stay in this kernel

#define SKIP_UNLESS_AVAILABLE(kind, forward, backward)                         \
  if (std::string missing; !available(kind, forward, backward, missing)) {     \
    GTEST_SKIP() << "SKIPPED for want of a kernel or permission: " << missing; \
  }

}  // namespace geomx::test
