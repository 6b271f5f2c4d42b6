#pragma once

#include <cstddef>
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

  // Differential gradient transmission (ENABLE_DGT), party server to global server: blocks that contribute most go by the
  // reliable channel, the rest by others.
  struct Dgt {
    enum class Mode { off, datagrams, deferred, four_bits };  // 0, 1 (UDP), 2 (TCP), 3 (TCP, 4 bits with residual)
    Mode mode = Mode::off;
    int channels = 1;          // of datagrams (DMLC_UDP_CHANNEL_NUM)
    double k = 0.8;            // share of the blocks that is sent reliably (DMLC_K)
    double k_min = 0.2;        // where it adapts to the loss (DMLC_K_MIN)
    bool adapts = false;       // ADAPTIVE_K_FLAG
    double alpha = 0.3;        // of the contribution's moving average (DGT_CONTRIBUTION_ALPHA)
    std::size_t block = 1024;  // floats (DGT_BLOCK_SIZE: 4096 bytes)
    bool info = false;         // tell in the log what went by which way (DGT_INFO)
    double wait = 0.5;         // seconds a round is held back for what is missing (GEOMX_DGT_WAIT)
    bool operator==(const Dgt&) const = default;
  };

  Priority p3;
  Dgt dgt;
  bool operator==(const FlowConfig&) const = default;
};

// Reads ENABLE_P3 and so on. Throws Error.
FlowConfig read_flow(const Variables& variables);

}  // namespace geomx::ps
