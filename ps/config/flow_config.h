#pragma once

#include <cstdint>

// Who sends when, and by which road (docs/flow.md). The same on all nodes of a job (job_config.h).
namespace geomx::ps {

struct FlowConfig {
  // Priority propagation: tensors are cut into slices, and those of shallow layers overtake the others.
  struct Priority {
    bool enabled = false;
    std::uint64_t slice = 16384;  // elements at most
  };
  Priority p3{};
};

}  // namespace geomx::ps
