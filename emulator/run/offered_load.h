#pragma once

#include <cstdint>
#include <optional>

#include "emulator/scenario/scenario.h"

namespace geomx::run {

// What a job whose workers compute nothing (device "model") asks of a machine: known before it runs, as its profile
// says how much travels and how long a step takes. By arithmetic alone:
//
//   a round     moves each worker's gradient up and the new values down, and the same once per party; it takes at least
//               its steps' time, and at least the time in which any data center's links can carry its share
//   a message   is a tensor, or 512 KiB of a large one, and its answer
//
// TSEngine, DGT and P3 change the order and the road, not by much the bytes. ESync counts with one step a round, which
// is its most.
struct OfferedLoad {
  double round_seconds = 0;         // at least
  double bytes = 0;                 // of a round: of all messages, each counted once
  double messages = 0;              // of a round
  std::uint64_t server_memory = 0;  // bytes, of all servers: they hold and add up real values
};

// Nothing where workers compute, or nothing is trained.
std::optional<OfferedLoad> offered_load(const scenario::Scenario& scenario);

}  // namespace geomx::run
