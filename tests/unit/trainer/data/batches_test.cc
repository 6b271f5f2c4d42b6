#include "trainer/data/batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/unit/trainer/data/error_of.h"
#include "tests/unit/trainer/data/numbered.h"

namespace geomx::trainer {
namespace {

std::vector<int> samples_of(Batches& batches, int count) {
  std::vector<int> samples;
  for (int i = 0; i < count; ++i) {
    const Batch& batch = batches.next();
    for (std::size_t s = 0; s < batch.size(); ++s) {
      const int sample = static_cast<int>(std::lround(batch.images[s] * 255));
      EXPECT_EQ(batch.labels[s], sample * 7 % 10);
      samples.push_back(sample);
    }
  }
  return samples;
}

TEST(Batches, VisitEverySampleOnceInAnEpochInAnOrderOfItsOwn) {
  const Dataset data = numbered(60);
  Batches batches(data, 20, 1, 0);
  ASSERT_EQ(batches.per_epoch(), 3u);
  const auto first = samples_of(batches, 3);
  const auto second = samples_of(batches, 3);
  EXPECT_EQ(std::set<int>(first.begin(), first.end()).size(), 60u);
  EXPECT_EQ(std::set<int>(second.begin(), second.end()).size(), 60u);
  EXPECT_NE(first, second);
  EXPECT_FALSE(std::ranges::is_sorted(first));
}

TEST(Batches, LeaveOutTheIncompleteBatch) {
  const Dataset data = numbered(50);
  Batches batches(data, 20, 1, 0);
  EXPECT_EQ(batches.per_epoch(), 2u);
  samples_of(batches, 2);
  const auto next = samples_of(batches, 2);  // a new epoch, not the 10 that were left
  EXPECT_EQ(std::set<int>(next.begin(), next.end()).size(), 40u);
}

TEST(Batches, SameSeedSameOrder) {
  const Dataset data = numbered(100);
  const auto order = [&](std::uint64_t seed, std::uint64_t stream) {
    Batches batches(data, 10, seed, stream);
    return samples_of(batches, 25);
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
}

// The order is part of what "same seed, same result" promises: a change of it must be meant.
TEST(Batches, TheOrderIsFixedForEver) {
  const Dataset data = numbered(10);
  Batches batches(data, 10, 42, 3);
  EXPECT_THAT(samples_of(batches, 1), testing::ElementsAre(0, 4, 8, 3, 5, 9, 7, 2, 6, 1));
}

TEST(Batches, PutTheImagesWhereTheyAreWanted) {
  const Dataset data = numbered(60);
  Batches here(data, 20, 1, 0);
  Batches there(data, 20, 1, 0);
  std::vector<float> images(30, -1.0f);
  const Batch batch = there.next(images);
  EXPECT_EQ(batch.images.data(), images.data());
  EXPECT_TRUE(std::ranges::equal(batch.images, here.next().images));
  EXPECT_EQ(images[20], -1.0f);
}

// x / 255, to the last bit.
TEST(ToFloat, DividesBy255) {
  Dataset data;
  data.shape = {1, 16, 16};
  data.labels = {0};
  for (int value = 0; value < 256; ++value) data.images.push_back(static_cast<std::uint8_t>(value));
  std::vector<float> images(256);
  const std::uint32_t sample = 0;
  to_float(data, {&sample, 1}, images);
  for (int value = 0; value < 256; ++value) {
    volatile float divisor = 255.0f;  // at run time, whatever the table was made with
    EXPECT_EQ(images[static_cast<std::size_t>(value)], static_cast<float>(value) / divisor) << value;
  }
}

TEST(Batches, RefusesASliceThatIsTooSmall) {
  const Dataset data = numbered(20);
  EXPECT_EQ(error_of([&] { Batches(data, 32, 1, 0); }),
            "a batch of 32 cannot be taken from a slice of 20 samples (--batch-size)");
}

}  // namespace
}  // namespace geomx::trainer
