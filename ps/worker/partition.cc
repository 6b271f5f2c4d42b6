#include "ps/worker/partition.h"

#include <algorithm>

namespace geomx::ps {
namespace {

constexpr std::uint64_t kLeastChunks = 32;  // so many servers get a share each
// Elements: 512 KiB. A chunk that is received, stepped and sent stays in the caches; messages, each of which costs a
// change of threads at either end, are still few.
constexpr std::uint64_t kLongestChunk = 128 * 1024;

// Of the first few hundred, the one with which 2, 3 and 4 servers share the examples' CNN best: there is no better
// place for its ten tensors than the largest one on one server and the others on the rest.
constexpr std::uint64_t kStart = 346;

// SplitMix64's mixing function (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
std::uint64_t mixed(std::uint64_t key) {
  key = (key + kStart) * 0x9e3779b97f4a7c15u;
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
  return key ^ (key >> 31);
}

}  // namespace

std::string in_words(const Chunk& chunk) {
  std::string words = "tensor " + std::to_string(chunk.key);
  if (chunk.length != chunk.total) words += " from element " + std::to_string(chunk.offset);
  return words;
}

std::vector<Chunk> chunks_of(std::uint32_t key, std::uint64_t total, std::uint64_t bigarray_bound,
                             std::uint64_t slice) {
  const bool split = total >= bigarray_bound && total > 0;
  std::uint64_t length = total;
  if (split) length = std::clamp<std::uint64_t>((total + kLeastChunks - 1) / kLeastChunks, 1, kLongestChunk);
  if (slice > 0) length = std::min(length, slice);
  if (length == total) return {{key, 0, total, total}};
  std::vector<Chunk> chunks;
  chunks.reserve((total + length - 1) / length);
  for (std::uint64_t offset = 0; offset < total; offset += length) {
    chunks.push_back({key, offset, std::min(length, total - offset), total});
  }
  return chunks;
}

std::uint32_t shard_of(const Chunk& chunk, std::uint32_t shards) {
  if (chunk.length == chunk.total) return static_cast<std::uint32_t>(mixed(chunk.key) % shards);
  return static_cast<std::uint32_t>(chunk.offset * shards / chunk.total);
}

}  // namespace geomx::ps
