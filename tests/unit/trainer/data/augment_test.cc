#include "trainer/data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <vector>

#include "tests/unit/trainer/data/error_of.h"
#include "trainer/data/batches.h"

namespace geomx::trainer {
namespace {

// Pixel by pixel, from the definition.
std::vector<float> plain_crop(std::span<const std::uint8_t> image, const ImageShape& shape, const Crop& crop) {
  std::vector<float> out;
  for (int c = 0; c < shape.channels; ++c) {
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        const int row = y + crop.down;
        const int column = (crop.flip ? shape.width - 1 - x : x) + crop.right;
        const bool inside = row >= 0 && row < shape.height && column >= 0 && column < shape.width;
        const std::size_t at = static_cast<std::size_t>((c * shape.height + row) * shape.width + column);
        out.push_back(inside ? static_cast<float>(image[at]) / 255.0f : 0.0f);
      }
    }
  }
  return out;
}

TEST(WriteCrop, MirrorsAndMovesWithBlackEdges) {
  const ImageShape shape{3, 6, 5};
  std::vector<std::uint8_t> image(shape.size());
  std::iota(image.begin(), image.end(), std::uint8_t{1});
  std::vector<float> out(image.size());
  for (bool flip : {false, true}) {
    for (int down = -4; down <= 4; ++down) {
      for (int right = -4; right <= 4; ++right) {
        std::ranges::fill(out, -1.0f);
        write_crop(image, shape, {flip, down, right}, out);
        EXPECT_EQ(out, plain_crop(image, shape, {flip, down, right})) << flip << " " << down << " " << right;
      }
    }
  }
}

// An image that is narrower than the padding can leave its frame.
TEST(WriteCrop, CanBeAllBlack) {
  const std::vector<std::uint8_t> image(4, 255);
  std::vector<float> out(4, -1.0f);
  write_crop(image, {1, 2, 2}, {true, 0, 4}, out);
  EXPECT_THAT(out, testing::Each(0.0f));
}

TEST(RandomCrop, TakesAllOfThemEquallyOften) {
  Random random(5);
  std::map<std::tuple<bool, int, int>, int> counts;
  constexpr int kDraws = 162 * 400;
  for (int i = 0; i < kDraws; ++i) {
    const Crop crop = random_crop(random);
    ++counts[{crop.flip, crop.down, crop.right}];
  }
  ASSERT_EQ(counts.size(), 162u);  // 2 * 9 * 9
  for (const auto& [crop, count] : counts) EXPECT_NEAR(count, 400, 5 * 20);
}

Dataset photos(std::size_t count) {
  Dataset data{{SampleKind::images, {3, 8, 8}, 10, 1}, {}, {}};
  Random random(1);
  for (std::size_t i = 0; i < count * data.shape.size(); ++i) {
    data.images.push_back(static_cast<std::uint8_t>(random.next()));
  }
  for (std::size_t i = 0; i < count; ++i) data.labels.push_back(static_cast<std::uint8_t>(i % 10));
  return data;
}

std::vector<float> images_of(const Batch& batch) {
  return {batch.images.begin(), batch.images.end()};
}

TEST(AugmentedBatches, AreTheSameAfterASkip) {
  const Dataset data = photos(50);
  Batches whole(data, 8, 3, 1, Augment::flip_crop);
  std::vector<std::vector<float>> all;
  for (int i = 0; i < 20; ++i) all.push_back(images_of(whole.next()));
  for (std::size_t skipped : {1, 5, 6, 7, 13}) {
    Batches resumed(data, 8, 3, 1, Augment::flip_crop);
    resumed.skip(skipped);
    for (std::size_t i = skipped; i < 20; ++i) EXPECT_EQ(images_of(resumed.next()), all[i]) << skipped << " " << i;
  }
}

TEST(AugmentedBatches, AreCropsOfTheSameSamplesInTheSameOrder) {
  const Dataset data = photos(16);
  Batches plain(data, 16, 3, 1);
  Batches augmented(data, 16, 3, 1, Augment::flip_crop);
  std::vector<std::vector<std::uint8_t>> order;
  for (int epoch = 0; epoch < 2; ++epoch) {
    const Batch a = plain.next();
    const Batch b = augmented.next();
    EXPECT_TRUE(std::ranges::equal(a.labels, b.labels));
    EXPECT_NE(images_of(a), images_of(b));
    for (std::size_t i = 0; i < 16; ++i) {
      std::vector<std::uint8_t> image;
      for (float value : a.images.subspan(i * 192, 192)) image.push_back(static_cast<std::uint8_t>(value * 255 + 0.5f));
      const auto found = b.images.subspan(i * 192, 192);
      int matches = 0;
      for (bool flip : {false, true})
        for (int down = -4; down <= 4; ++down)
          for (int right = -4; right <= 4; ++right)
            matches += std::ranges::equal(plain_crop(image, data.shape, {flip, down, right}), found);
      EXPECT_EQ(matches, 1) << i;
    }
  }
}

TEST(AugmentedBatches, DependOnSeedAndStream) {
  const Dataset data = photos(8);
  const auto first = [&](std::uint64_t seed, std::uint64_t stream) {
    Batches batches(data, 8, seed, stream, Augment::flip_crop);
    return images_of(batches.next());
  };
  EXPECT_EQ(first(1, 0), first(1, 0));
  EXPECT_NE(first(1, 0), first(2, 0));
  EXPECT_NE(first(1, 0), first(1, 1));
}

TEST(AugmentedBatches, AreOfImages) {
  const Dataset text{
      {SampleKind::tokens, {1, 1, 4}, 256, 4}, std::vector<std::uint8_t>(16), std::vector<std::uint8_t>(16)};
  EXPECT_EQ(error_of([&] { Batches(text, 2, 1, 0, Augment::flip_crop); }),
            "text cannot be mirrored and moved (--augment)");
}

}  // namespace
}  // namespace geomx::trainer
