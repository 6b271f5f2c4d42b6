#pragma once

#include <cstdint>
#include <optional>

#include "ps/sync/encoded.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// What one sender adds to a round of a chunk.
struct Addend {
  std::uint64_t contributor = 0;  // unique, and the order of addition
  std::uint64_t round = 0;
  std::uint32_t workers = 1;  // how many workers' gradients this is the sum of
  Encoded values{};           // that check() accepts
  std::uint32_t contributors = 1;  // of how many pushes this is the sum
};

// What a round comes to.
struct Sum {
  std::uint64_t round = 0;
  std::uint32_t workers = 0;
  std::uint32_t contributors = 0;
  std::uint64_t contributor = 0;  // the only one, or the last in order
  Buffer values{};                // fp32
  // Where `values` have a NaN or an infinity: the first contributor who sent one (nobody did: the sum overflows, and it
  // is the last).
  std::optional<std::uint64_t> diverged{};
};

// When a round of one chunk closes, and what its addends come to.
//
// Pure: no I/O, no threads of its own; one thread at a time. Lengths are in floats.
class Gathering {
 public:
  virtual ~Gathering() = default;

  // There is a value: what was learnt from it is taken from now on, as that of `round`.
  virtual void open(std::uint64_t round) = 0;
  // Takes an addend; true when it completes a round, which is to be closed before the next one is added. Throws Error,
  // and takes nothing, where it cannot be part of a round now.
  virtual bool add(Addend addend) = 0;
  virtual Sum close() = 0;
  // The round whose value a contributor, who may be new, gets now.
  virtual std::uint64_t closed(std::uint64_t contributor) const = 0;
};

}  // namespace geomx::ps
