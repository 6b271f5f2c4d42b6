#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "ps/proto/checkpoint.pb.h"
#include "ps/sync/encoded.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// What one sender adds to a round of a chunk.
struct Addend {
  std::uint64_t contributor = 0;  // unique, and the order of addition
  std::uint64_t round = 0;
  std::uint32_t workers = 1;         // how many workers' gradients this is the sum of
  std::uint32_t absent = 0;          // how many others the sender no longer waits for
  Encoded values{};                  // that check() accepts
  std::uint32_t contributors = 1;    // of how many pushes this is the sum
  std::set<std::uint64_t> summed{};  // whose, where there are more than one

  bool has(std::uint64_t who) const { return summed.empty() ? contributor == who : summed.contains(who); }
};

// What a round comes to.
struct Sum {
  std::uint64_t round = 0;
  std::uint32_t workers = 0;
  std::uint32_t absent = 0;  // that were not waited for
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

  // There is a value: what was learnt from it is taken from now on, as that of `round`. What was taken for another
  // round is forgotten.
  virtual void open(std::uint64_t round) = 0;
  // Takes an addend; true when it completes a round, which is to be closed before the next one is added. Throws Error,
  // and takes nothing, where it cannot be part of a round now.
  virtual bool add(Addend addend) = 0;
  virtual Sum close() = 0;
  // No round before `until` waits for this contributor any more. True where the open round is thereby complete.
  virtual bool excuse(std::uint64_t contributor, std::uint64_t until) = 0;
  // Whether its addend, alone or in a sum, is in the open round.
  virtual bool has(std::uint64_t contributor) const = 0;
  // The first round that waits for it; 0: any.
  virtual std::uint64_t waits_from(std::uint64_t contributor) const = 0;
  // For a checkpoint: which rounds have closed.
  virtual void save(proto::ChunkState& state) const = 0;
  virtual void restore(const proto::ChunkState& state) = 0;
  // The round whose value a contributor, who may be new, gets now.
  virtual std::uint64_t closed(std::uint64_t contributor) const = 0;
};

}  // namespace geomx::ps
