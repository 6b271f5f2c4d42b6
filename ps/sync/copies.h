#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "ps/proto/checkpoint.pb.h"
#include "ps/sync/array_pool.h"
#include "ps/sync/packer.h"

namespace geomx::ps {

// The weights of one chunk that each party has: what DCASGD corrects by, and what a difference is the difference from.
// Both ends of the road compute the same bits, so what rounding or a codec takes from one answer is in the next.
//
// Threading: one thread at a time.
class Copies {
 public:
  explicit Copies(std::size_t length) : arrays_(length) {}

  // What those have who have not been heard of.
  void begin(const Buffer& weights) { first_ = weights; }
  const Buffer& of(std::uint64_t party) const;
  void set(std::uint64_t party, const Buffer& weights) { copies_[party] = weights; }
  // What the party must be sent to get to `weights`, or near; it is taken to have arrived.
  Encoded catch_up(std::uint64_t party, const Buffer& weights, Packer& packer);

  // For a checkpoint. restore() throws Error where arrays have another length.
  void save(proto::ChunkState& state) const;
  void restore(const proto::ChunkState& state);

  // At the other end.
  static Buffer caught_up(const Buffer& copy, const Encoded& difference, ArrayPool& arrays);

 private:
  ArrayPool arrays_;
  Buffer first_;
  std::map<std::uint64_t, Buffer> copies_;
};

// An array of a checkpoint. Throws Error where it has another length.
Buffer restored(const std::string& bytes, ArrayPool& arrays);

}  // namespace geomx::ps
