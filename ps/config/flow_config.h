#pragma once

#include <cstdint>

#include "ps/config/variables.h"

namespace geomx::ps {

// Who sends when, and by which road (docs/flow.md): the same on every node of a job.
struct FlowConfig {
  // Priority propagation (ENABLE_P3): tensors are cut into slices, and those of shallow layers overtake the others.
  struct Priority {
    bool enabled = false;
    std::uint64_t slice = 16384;  // elements of a slice (GEOMX_P3_SLICE)
    bool operator==(const Priority&) const = default;
  };

  Priority p3;
  bool operator==(const FlowConfig&) const = default;
};

// Reads ENABLE_P3 and so on. Throws Error.
FlowConfig read_flow(const Variables& variables);

}  // namespace geomx::ps
