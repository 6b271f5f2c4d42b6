#include "emulator/shaper/ring_size.h"

#include <gtest/gtest.h>

namespace geomx::shaper {
namespace {

Direction rate(std::uint64_t megabits) {
  Direction direction;
  direction.rate = BitsPerSecond{megabits * 1'000'000};
  return direction;
}

std::uint64_t bytes(const RingSize& size) {
  return std::uint64_t{size.slots} * size.slot_bytes;
}

TEST(RingSize, OneLinkGetsWhatItsRateNeeds) {
  EXPECT_EQ(ring_size(rate(100), 1500, 1), (RingSize{1024, 2048}));
  EXPECT_EQ(ring_size(rate(1000), 1500, 1), (RingSize{4096, 8192}));
  EXPECT_EQ(ring_size(rate(10'000), 1500, 1), (RingSize{1024, 65536}));
  EXPECT_EQ(ring_size({}, 1500, 1), (RingSize{1024, 65536}));
}

TEST(RingSize, ASlotHoldsAFrameOfTheMtu) {
  for (const int mtu : {1500, 4000, 9000, 65535}) {
    for (const int links : {1, 100}) {
      const RingSize size = ring_size(rate(10), mtu, links);
      EXPECT_GE(ring_frame_bytes(size.slot_bytes), static_cast<std::uint32_t>(mtu) + 14) << mtu;
    }
  }
}

TEST(RingSize, ManyLinksShareOneBudget) {
  for (const std::uint64_t megabits : {100, 1000, 100'000}) {
    for (const int links : {1, 3, 10, 100, 400}) {
      EXPECT_LE(bytes(ring_size(rate(megabits), 1500, links)) * 2 * static_cast<std::uint64_t>(links), 128u << 20)
          << megabits << " Mbit, " << links << " links";
    }
  }
  // Shorter super-frames before fewer slots, and never none.
  EXPECT_EQ(ring_size({}, 1500, 10), (RingSize{1024, 4096}));
  EXPECT_EQ(ring_size({}, 1500, 5000), (RingSize{64, 2048}));
}

}  // namespace
}  // namespace geomx::shaper
