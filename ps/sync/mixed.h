#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "ps/sync/array_pool.h"
#include "ps/sync/gathering.h"

namespace geomx::ps {

// MixedSync between parties: what a party pushes is a round of its own, closed at once. Each party counts its own
// rounds.
class Mixed : public Gathering {
 public:
  explicit Mixed(std::size_t length);

  void open(std::uint64_t round) override;
  bool excuse(std::uint64_t, std::uint64_t) override { return false; }  // no round waits for anybody else
  bool has(std::uint64_t) const override { return false; }
  std::uint64_t waits_from(std::uint64_t) const override { return 0; }
  // Throws Error when a contributor's round is not the one after its last.
  bool add(Addend addend) override;
  Sum close() override;
  void save(proto::ChunkState& state) const override;
  void restore(const proto::ChunkState& state) override;
  std::uint64_t closed(std::uint64_t contributor) const override;

 private:
  ArrayPool arrays_;
  bool open_ = false;
  std::uint64_t first_ = 1;                        // round of each contributor
  std::map<std::uint64_t, std::uint64_t> rounds_;  // the last of each contributor
  std::optional<Addend> addend_;                   // that is to be closed
};

}  // namespace geomx::ps
