#pragma once

#include <cstdint>

#include "ps/transport/message.h"

namespace geomx::ps {

// In the place of a tensor of so many elements whose values do not matter: of a worker that computes nothing. What is
// sent for it has the size that a tensor's messages would have, and comes from one filler; what is received is checked
// and thrown away. So a worker's memory does not grow with its model.
struct Placeholder {
  std::uint64_t length = 0;  // elements
};

// So many floats, finite, of both signs, none zero and all below 0.001: what a codec or DGT chooses among them is as
// much as of a gradient. The values, the same in each process, repeat every 64 KiB, and so does the memory behind them
// (every few hundredths of the whole where that is beyond 64 MiB). Read-only. Throws Error where there is no memory.
Buffer make_filler(std::uint64_t floats);

}  // namespace geomx::ps
