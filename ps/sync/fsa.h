#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ps/sync/array_pool.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// Fully synchronous aggregation of one chunk: a round closes when the gradients of all workers are in, and what travels
// on is their sum.
//
// An addend may itself be a sum (a party's), so a round counts workers and not messages. Floating-point addition is not
// associative: addends are kept as they came (no copy) until the round is complete, and are added by contributor, so
// that the result does not depend on who was first.
//
// Pure: no I/O, no threads of its own; one thread at a time. Lengths are in floats.
class Fsa {
 public:
  struct Addend {
    std::uint64_t contributor = 0;  // plane and rank: unique, and the order of addition
    std::uint64_t round = 0;
    std::uint32_t workers = 1;  // how many workers' gradients this is the sum of
    Buffer values;
  };
  struct Sum {
    std::uint64_t round = 0;
    std::uint32_t workers = 0;
    Buffer values;
    // Where the sum has a NaN or an infinity: whose addend has the first one (where only the sum overflows: the last).
    std::optional<std::uint64_t> diverged{};
  };

  Fsa(std::uint32_t workers, std::size_t length);

  // From now on, addends of `round` are taken.
  void open(std::uint64_t round);
  // Takes an addend; true when it completes the round. Throws Error, and takes nothing, when the round is not the open
  // one, when the contributor has been there, when there would be more workers than exist, or when the length is wrong.
  bool add(Addend addend);
  // Closes the complete round. A single addend is passed on as it is.
  Sum close();

 private:
  std::uint32_t workers_;
  ArrayPool sums_;
  std::uint64_t round_ = 0;
  bool open_ = false;
  std::uint32_t arrived_ = 0;  // workers
  std::vector<Addend> addends_;
};

}  // namespace geomx::ps
