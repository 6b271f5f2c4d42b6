#include "ps/worker/clipping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

namespace geomx::ps::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

proto::OptimizerConfig by_norm(double most) {
  proto::OptimizerConfig config;
  config.set_clip_norm(most);
  return config;
}

proto::OptimizerConfig by_value(double most) {
  proto::OptimizerConfig config;
  config.set_clip_value(most);
  return config;
}

// What has been passed on, in order.
class ClippingTest : public ::testing::Test {
 protected:
  void take(Clipping& clipping, std::uint32_t key, const std::vector<float>& gradient) {
    given_.push_back(std::make_unique<std::vector<float>>(gradient));
    clipping.take(key, *given_.back(), [&](std::uint32_t which, std::span<const float> clipped) {
      passed_.emplace_back(which, std::vector<float>(clipped.begin(), clipped.end()));
    });
  }
  std::vector<std::unique_ptr<std::vector<float>>> given_;
  std::vector<std::pair<std::uint32_t, std::vector<float>>> passed_;
};

TEST_F(ClippingTest, ByValueEachElementAtOnce) {
  Clipping clipping(by_value(0.5), 2);
  take(clipping, 1, {0.25F, -0.5F, 3, -7});
  ASSERT_EQ(passed_.size(), 1U);
  EXPECT_EQ(passed_[0].first, 1U);
  EXPECT_THAT(passed_[0].second, ElementsAre(0.25F, -0.5F, 0.5F, -0.5F));
  take(clipping, 0, {1});
  EXPECT_THAT(passed_[1].second, ElementsAre(0.5F));
}

// 3, 4 in one tensor and 12 in another: the norm over both is 13.
TEST_F(ClippingTest, ByNormAllTensorsWhenTheLastIsThere) {
  Clipping clipping(by_norm(6.5), 2);
  take(clipping, 1, {3, 4});
  EXPECT_TRUE(passed_.empty());
  take(clipping, 0, {-12});
  ASSERT_EQ(passed_.size(), 2U);
  EXPECT_EQ(passed_[0].first, 1U);  // in the order in which they came
  EXPECT_THAT(passed_[0].second, ElementsAre(FloatEq(1.5F), FloatEq(2)));
  EXPECT_THAT(passed_[1].second, ElementsAre(FloatEq(-6)));
}

TEST_F(ClippingTest, ByNormLeavesASmallGradientAsItIs) {
  Clipping clipping(by_norm(13), 2);
  for (int step = 0; step < 2; ++step) {  // each step has a norm of its own
    take(clipping, 1, {3, 4});
    take(clipping, 0, {-12});
  }
  ASSERT_EQ(passed_.size(), 4U);
  for (const std::size_t step : {0U, 2U}) {
    EXPECT_THAT(passed_[step].second, ElementsAre(3, 4));
    EXPECT_THAT(passed_[step + 1].second, ElementsAre(-12));
  }
}

TEST_F(ClippingTest, ByValueFirstThenByNorm) {
  proto::OptimizerConfig config = by_value(4);
  config.set_clip_norm(2.5);
  Clipping clipping(config, 1);
  take(clipping, 0, {3, 400});  // 3, 4: the norm is 5
  ASSERT_EQ(passed_.size(), 1U);
  EXPECT_THAT(passed_[0].second, ElementsAre(FloatEq(1.5F), FloatEq(2)));
}

// A training that diverges has to be seen, not made to look well.
TEST_F(ClippingTest, WhatIsNotFiniteStays) {
  Clipping value(by_value(1), 1);
  take(value, 0, {kInfinity, -kInfinity, std::nanf(""), 5});
  EXPECT_EQ(passed_[0].second[0], kInfinity);
  EXPECT_EQ(passed_[0].second[1], -kInfinity);
  EXPECT_TRUE(std::isnan(passed_[0].second[2]));
  EXPECT_EQ(passed_[0].second[3], 1);
  Clipping norm(by_norm(1), 1);
  take(norm, 0, {kInfinity, 5});
  EXPECT_THAT(passed_[1].second, ElementsAre(kInfinity, 5));
}

// The squares of what fits into a float do not.
TEST_F(ClippingTest, VeryLargeAndVerySmallNorms) {
  Clipping clipping(by_norm(1), 1);
  take(clipping, 0, {3e38F, 0});
  take(clipping, 0, {1e-38F, 0});
  EXPECT_THAT(passed_[0].second, ElementsAre(FloatEq(1), 0));
  EXPECT_THAT(passed_[1].second, ElementsAre(1e-38F, 0));
}

}  // namespace
}  // namespace geomx::ps::testing
