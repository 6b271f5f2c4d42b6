#include "trainer/data/prefetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "tests/unit/trainer/data/error_of.h"
#include "tests/unit/trainer/data/numbered.h"
#include "trainer/data/batches.h"

namespace geomx::trainer {
namespace {

TEST(Prefetch, GivesTheSameBatchesInTheSameOrder) {
  const Dataset data = numbered(100);
  Batches plain(data, 8, 1, 0);
  Batches ahead(data, 8, 1, 0);
  Prefetch prefetch([&](std::span<float> images) { return ahead.next(images); }, 8);
  std::vector<float> images(10, -1.0f);  // two more than are needed
  for (int i = 0; i < 200; ++i) {
    const Batch wanted = plain.next();
    const Batch found = prefetch.next(images);
    EXPECT_EQ(found.images.data(), images.data());
    EXPECT_TRUE(std::ranges::equal(found.images, wanted.images)) << i;
    EXPECT_TRUE(std::ranges::equal(found.labels, wanted.labels)) << i;
    EXPECT_EQ(found.size(), 8u);
  }
  EXPECT_EQ(images[8], -1.0f);
}

// The labels of a batch stay until the next one is asked for, however far ahead the thread is.
TEST(Prefetch, IsBounded) {
  std::atomic<int> made = 0;
  std::vector<std::uint8_t> label(1);
  Prefetch prefetch(
      [&](std::span<float> images) {
        label[0] = static_cast<std::uint8_t>(++made);
        images[0] = static_cast<float>(label[0]);
        return Batch{images, label};
      },
      1);
  std::vector<float> image(1);
  for (int i = 1; i <= 100; ++i) {
    const Batch batch = prefetch.next(image);
    EXPECT_EQ(batch.labels[0], i);
    EXPECT_EQ(batch.images[0], static_cast<float>(i));
    EXPECT_LE(made, i + 1);  // the one in the caller's hands is a slot, too
  }
}

TEST(Prefetch, AnErrorComesInItsPlaceAndStays) {
  int made = 0;
  std::vector<std::uint8_t> label(1);
  Prefetch prefetch(
      [&](std::span<float> images) -> Batch {
        if (++made == 3) throw Error("the third batch");
        return {images, label};
      },
      1);
  std::vector<float> image(1);
  prefetch.next(image);
  prefetch.next(image);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(error_of([&] { prefetch.next(image); }), "the third batch");
  }
}

// Destroyed at once, with both slots full, and with one: it ends and joins.
TEST(Prefetch, EndsWheneverItsOwnerDoes) {
  const Dataset data = numbered(100);
  std::vector<float> images(8);
  for (int taken = 0; taken < 50; ++taken) {
    Batches batches(data, 8, 1, 0);
    Prefetch prefetch([&](std::span<float> into) { return batches.next(into); }, 8);
    for (int i = 0; i < taken % 4; ++i) prefetch.next(images);
  }
}

}  // namespace
}  // namespace geomx::trainer
