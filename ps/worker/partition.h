#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace geomx::ps {

// A contiguous piece of a tensor, the unit of everything that servers do: each chunk is summed, stepped, stored and
// answered on its own, so that a long tensor's chunks overlap on the road. Lengths are in elements.
struct Chunk {
  std::uint32_t key = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t total = 0;                         // of the whole tensor
  auto operator<=>(const Chunk&) const = default;  // NOLINT(modernize-use-nullptr): no pointer is near
};

std::string in_words(const Chunk& chunk);  // "tensor 3", "tensor 3 from element 4096"

// How a tensor is cut: short of `bigarray_bound` it stays whole; else into 32 equal chunks, or more where these would
// be longer than 512 KiB (fewer only of a tensor of less than 32 x 32 elements; the last chunk may be shorter). Where
// `slice` is not 0 (P3), no chunk is longer than that, whatever the bound. The cut does not depend on the number of
// servers: parties with different numbers of servers agree on the chunks. Lengths are in elements.
std::vector<Chunk> chunks_of(std::uint32_t key, std::uint64_t total, std::uint64_t bigarray_bound,
                             std::uint64_t slice = 0);

// Which of `shards` servers holds a chunk: a whole tensor goes by a hash of its key, the chunks of a split one in runs
// of equal length. The hash mixes all bits of the key: networks alternate weights and biases, and were the key's parity
// kept, one of two servers would hold all weights.
std::uint32_t shard_of(const Chunk& chunk, std::uint32_t shards);

}  // namespace geomx::ps
