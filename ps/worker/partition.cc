#include "ps/worker/partition.h"

#include <algorithm>

namespace geomx::ps {
namespace {

constexpr std::uint64_t kLeastChunks = 32;  // more than anyone has servers, so that the split is even
// Elements: 256 KiB. A chunk that is received, stepped and sent stays in a core's cache; messages are still few.
constexpr std::uint64_t kLongestChunk = 64 * 1024;

}  // namespace

std::string in_words(const Chunk& chunk) {
  std::string words = "tensor " + std::to_string(chunk.key);
  if (chunk.length != chunk.total) words += " from element " + std::to_string(chunk.offset);
  return words;
}

std::vector<Chunk> chunks_of(std::uint32_t key, std::uint64_t total, std::uint64_t bigarray_bound) {
  if (total < bigarray_bound || total == 0) return {{key, 0, total, total}};
  const std::uint64_t length = std::clamp<std::uint64_t>((total + kLeastChunks - 1) / kLeastChunks, 1, kLongestChunk);
  std::vector<Chunk> chunks;
  chunks.reserve((total + length - 1) / length);
  for (std::uint64_t offset = 0; offset < total; offset += length) {
    chunks.push_back({key, offset, std::min(length, total - offset), total});
  }
  return chunks;
}

std::uint32_t shard_of(const Chunk& chunk, std::uint32_t shards) {
  // 9973 is the prime that MXNet's key-value store uses for the same purpose.
  if (chunk.length == chunk.total) return static_cast<std::uint32_t>(chunk.key * std::uint64_t{9973} % shards);
  return static_cast<std::uint32_t>(chunk.offset * shards / chunk.total);
}

}  // namespace geomx::ps
