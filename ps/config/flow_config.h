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

  // Differential gradient transmission, party servers to global servers: the blocks of a gradient that contribute most
  // go by the reliable channel, the others by others.
  struct Dgt {
    enum class Mode { off, datagrams, deferred, four_bits };  // ENABLE_DGT: 0, 1 (UDP), 2 (TCP), 3 (TCP, 4 bits)
    Mode mode = Mode::off;
    int channels = 1;    // of datagrams
    double k = 0.8;      // share of the blocks that goes reliably
    double k_min = 0.2;  // where it adapts to the loss
    bool adapts = false;
    double alpha = 0.3;          // of the contribution's moving average
    std::uint64_t block = 1024;  // floats
    bool info = false;           // the log tells what went by which way
    double wait = 0.2;           // seconds of a sender's silence after which what is missing is taken for lost
    double drop = 0;             // share of the datagrams that the receiver drops, to try it out
  };
  Dgt dgt{};

  // TSEngine: gradients are summed and values passed on among the workers of a plane, along its faster links.
  struct Ts {
    bool intra = false;  // within each party
    bool inter = false;  // between parties
    double greed = 0.9;  // probability of taking the fastest link that is known; otherwise any
  };
  Ts ts{};
};

}  // namespace geomx::ps
