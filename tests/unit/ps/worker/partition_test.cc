#include "ps/worker/partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace geomx::ps {
namespace {

TEST(PartitionTest, ShortTensorsStayWhole) {
  EXPECT_EQ(chunks_of(3, 999, 1000), (std::vector<Chunk>{{3, 0, 999, 999}}));
  EXPECT_EQ(chunks_of(3, 0, 1000), (std::vector<Chunk>{{3, 0, 0, 0}}));
}

TEST(PartitionTest, SlicesBoundTheLengthWhateverTheBound) {
  EXPECT_EQ(chunks_of(3, 100, 1000, 100), (std::vector<Chunk>{{3, 0, 100, 100}}));
  EXPECT_EQ(chunks_of(3, 250, 1000, 100),
            (std::vector<Chunk>{{3, 0, 100, 250}, {3, 100, 100, 250}, {3, 200, 50, 250}}));
  // 64 chunks of 16 elements each are shorter already.
  EXPECT_EQ(chunks_of(3, 1024, 1000, 100), chunks_of(3, 1024, 1000));
}

TEST(PartitionTest, ChunksCoverALongTensorInOrder) {
  for (const std::uint64_t total : {1ULL, 31ULL, 32ULL, 33ULL, 1000ULL, 1'000'000ULL, 16'777'217ULL, 100'000'000ULL}) {
    const std::vector<Chunk> chunks = chunks_of(0, total, 1);
    std::uint64_t next = 0;
    for (const Chunk& chunk : chunks) {
      ASSERT_EQ(chunk.offset, next);
      ASSERT_EQ(chunk.total, total);
      ASSERT_GT(chunk.length, 0U);
      ASSERT_LE(chunk.length, 128U * 1024);
      next += chunk.length;
    }
    ASSERT_EQ(next, total);
    EXPECT_GE(chunks.size(), total >= 1000 ? 32U : total == 1 ? 1U : 2U);
  }
}

TEST(PartitionTest, ALongTensorIsSplitEvenly) {
  for (const std::uint32_t servers : {1U, 2U, 3U, 4U, 7U, 32U}) {
    std::map<std::uint32_t, std::uint64_t> held;
    const std::uint64_t total = 4'000'000;
    for (const Chunk& chunk : chunks_of(9, total, 1'000'000)) held[shard_of(chunk, servers)] += chunk.length;
    ASSERT_EQ(held.size(), servers);
    for (const auto& [server, elements] : held) {
      const double share = static_cast<double>(elements) * servers / static_cast<double>(total);
      EXPECT_NEAR(share, 1, 0.16) << "server " << server << " of " << servers;
    }
  }
}

TEST(PartitionTest, WholeTensorsSpreadOverTheServers) {
  std::map<std::uint32_t, int> held;
  for (std::uint32_t key = 0; key < 300; ++key) ++held[shard_of(chunks_of(key, 10, 1000)[0], 3)];
  ASSERT_EQ(held.size(), 3U);
  for (const auto& [server, keys] : held) EXPECT_NEAR(keys, 100, 10) << "server " << server;
}

// Weights have even keys and biases odd ones.
TEST(PartitionTest, LargeAndSmallTensorsInTurnAreSpreadByBytes) {
  for (const std::uint32_t servers : {2U, 4U}) {
    std::map<std::uint32_t, double> held;
    for (std::uint32_t key = 0; key < 300; ++key) {
      const std::uint64_t length = key % 2 == 0 ? 1000 : 1;
      held[shard_of(chunks_of(key, length, 1'000'000)[0], servers)] += static_cast<double>(length * sizeof(float));
    }
    for (const auto& [server, bytes] : held) {
      EXPECT_NEAR(bytes * servers / (150 * 1001 * sizeof(float)), 1, 0.25) << "server " << server << " of " << servers;
    }
  }
}

// The tensors of the examples' CNN. One of them is 73.3 % of it all.
TEST(PartitionTest, TheCnnIsSharedAsWellAsItsLargestTensorAllows) {
  const std::vector<std::uint64_t> lengths{400, 16, 12'800, 32, 131'072, 256, 32'768, 128, 1'280, 10};
  for (const std::uint32_t servers : {2U, 4U}) {
    std::map<std::uint32_t, double> held;
    for (std::uint32_t key = 0; key < lengths.size(); ++key) {
      held[shard_of(chunks_of(key, lengths[key], 1'000'000)[0], servers)] += static_cast<double>(lengths[key]);
    }
    EXPECT_EQ(held.size(), servers);
    for (const auto& [server, elements] : held) EXPECT_LT(elements / 178'762, 0.74) << "server " << server;
  }
}

TEST(PartitionTest, EveryChunkHasAServer) {
  for (const std::uint32_t servers : {1U, 2U, 5U}) {
    for (const Chunk& chunk : chunks_of(1, 77, 1)) ASSERT_LT(shard_of(chunk, servers), servers);
  }
}

}  // namespace
}  // namespace geomx::ps
