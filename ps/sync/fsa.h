#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ps/sync/array_pool.h"
#include "ps/sync/gathering.h"

namespace geomx::ps {

// Fully synchronous aggregation: a round closes when the gradients of all workers are in, and what travels on is their
// sum. So it is within every party, and, but for MixedSync, between parties.
//
// An addend may itself be a sum (a party's), so a round counts workers and not messages. Floating-point addition is not
// associative: addends are kept as they came (no copy) until the round is complete, and are added by contributor, so
// that the result does not depend on who was first. Sums are fp32, whatever the addends are encoded in.
class Fsa : public Gathering {
 public:
  Fsa(std::uint32_t workers, std::size_t length);

  void open(std::uint64_t round) override;
  // Of a contributor that stands for one worker.
  bool excuse(std::uint64_t contributor, std::uint64_t until) override;
  bool has(std::uint64_t contributor) const override;
  std::uint64_t waits_from(std::uint64_t contributor) const override;
  // A sum replaces what its contributors have sent alone, and what is in a sum already is not added (flow/ts_node.h).
  // Throws Error when the round is not the open one, when the contributor has been there, when two sums have some
  // contributors in common, and when there would be more workers than exist.
  bool add(Addend addend) override;
  void save(proto::ChunkState& state) const override { state.set_round(closed(0)); }
  void restore(const proto::ChunkState& state) override { open(state.round() + 1); }
  // A single addend in fp32 is passed on as it is.
  Sum close() override;
  std::uint64_t closed(std::uint64_t) const override { return round_ == 0 ? 0 : round_ - 1; }

 private:
  bool complete() const;
  bool settle_overlap(const Addend& addend);

  std::uint32_t workers_;
  ArrayPool sums_;
  std::uint64_t round_ = 0;
  bool open_ = false;
  std::uint32_t arrived_ = 0;                       // workers
  std::uint32_t absent_ = 0;                        // as those who have arrived say
  std::map<std::uint64_t, std::uint64_t> excused_;  // contributors, and until which round
  std::vector<Addend> addends_;
};

}  // namespace geomx::ps
