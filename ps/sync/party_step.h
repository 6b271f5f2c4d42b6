#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "ps/config/sync_config.h"
#include "ps/sync/gathering.h"

namespace geomx::ps {

// What a party does when a round of one chunk has closed: the part of the algorithms that runs on a party server.
//
//   fsa, mixed, esync   the sum goes up; the answer is the new value
//   hfa, diloco         v = milestone + mean of what the workers have learnt since; after every K2 rounds, and after
//                       the last, v - milestone goes up, and the answer is the new milestone and value; else v is the
//                       new value
//
// Threading: calls are not concurrent.
class PartyStep {
 public:
  // One of the two: what is to go up, or the value that the workers get at once.
  struct Outcome {
    Buffer up{};
    std::optional<Buffer> value{};
  };

  virtual ~PartyStep() = default;
  virtual Outcome close(const Sum& sum) = 0;
  // A value has come from above: the first, or the answer to what went up.
  virtual void receive(const Buffer& value) = 0;
};

// `last_round`: of the party's, 0 where nobody knows. `length` in floats.
std::unique_ptr<PartyStep> make_party_step(const SyncConfig& sync, std::uint64_t last_round, std::size_t length);

}  // namespace geomx::ps
