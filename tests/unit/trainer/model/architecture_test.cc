#include "trainer/model/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include "trainer/model/initial.h"
#include "trainer/tensor/error.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

TEST(Architecture, CnnIsTheOneOfTheExamples) {
  const auto specs = make_model("cnn", {1, 28, 28}, 10).parameters();
  ASSERT_EQ(specs.size(), 10u);
  EXPECT_EQ(total_size(specs), 178'762u);
  std::vector<std::string> lines;
  for (const TensorSpec& spec : specs) lines.push_back(spec.name + " " + to_string(spec.shape));
  EXPECT_THAT(lines, testing::ElementsAre("conv1.weight 16x1x5x5", "conv1.bias 16", "conv2.weight 32x16x5x5",
                                          "conv2.bias 32", "fc1.weight 256x512", "fc1.bias 256", "fc2.weight 128x256",
                                          "fc2.bias 128", "fc3.weight 10x128", "fc3.bias 10"));
}

TEST(Architecture, SummaryCountsParameters) {
  EXPECT_EQ(summary(make_model("cnn", {1, 28, 28}, 10)),
            "layer    kind                       output     parameters\n"
            "input                               1x28x28             0\n"
            "conv1    convolution 5x5, ReLU      16x24x24          416\n"
            "pool1    max-pool 2x2               16x12x12            0\n"
            "conv2    convolution 5x5, ReLU      32x8x8          12832\n"
            "pool2    max-pool 2x2               32x4x4              0\n"
            "fc1      dense, ReLU                256x1x1        131328\n"
            "fc2      dense, ReLU                128x1x1         32896\n"
            "fc3      dense                      10x1x1           1290\n"
            "cnn: 178762 parameters in 10 tensors\n");
}

TEST(Architecture, RefusesWhatCannotBe) {
  EXPECT_THROW(make_model("alexnet", {1, 28, 28}, 10), Error);
  EXPECT_THROW(make_model("cnn", {1, 8, 8}, 10).outputs(), Error);
}

TEST(Xavier, WeightsFillTheirBoundAndBiasesAreZero) {
  Tensors parameters(make_model("cnn", {1, 28, 28}, 10).parameters());
  xavier_uniform(parameters, 7);
  const std::vector<double> bounds{std::sqrt(6.0 / (25 + 400)), std::sqrt(6.0 / (400 + 800)),
                                   std::sqrt(6.0 / (512 + 256)), std::sqrt(6.0 / (256 + 128)),
                                   std::sqrt(6.0 / (128 + 10))};
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    const auto values = parameters[t];
    if (t % 2 == 1) {
      EXPECT_TRUE(std::ranges::all_of(values, [](float value) { return value == 0; }));
      continue;
    }
    double sum = 0;
    double squares = 0;
    float largest = 0;
    for (float value : values) {
      sum += value;
      squares += value * value;
      largest = std::max(largest, std::abs(value));
    }
    const auto n = static_cast<double>(values.size());
    const double bound = bounds[t / 2];
    const double deviation = bound / std::sqrt(3);  // of the uniform distribution
    EXPECT_LE(largest, bound) << t;
    EXPECT_GT(largest, 0.98 * bound) << t;
    EXPECT_NEAR(sum / n, 0, 4 * deviation / std::sqrt(n)) << t;
    EXPECT_NEAR(squares / n, deviation * deviation, 4 * deviation * deviation / std::sqrt(n)) << t;
  }
}

TEST(Xavier, IsAFunctionOfTheSeed) {
  const auto specs = make_model("cnn", {1, 28, 28}, 10).parameters();
  Tensors a(specs);
  Tensors b(specs);
  Tensors c(specs);
  xavier_uniform(a, 7);
  xavier_uniform(b, 7);
  xavier_uniform(c, 8);
  EXPECT_EQ(std::memcmp(a[0].data(), b[0].data(), a[0].size_bytes()), 0);
  EXPECT_NE(std::memcmp(a[0].data(), c[0].data(), a[0].size_bytes()), 0);
}

// Of the published SplitMix64, seed 1234567.
TEST(Random, IsSplitMix64) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
  EXPECT_EQ(random.next(), 9817491932198370423u);
}

TEST(Random, BelowIsUniform) {
  Random random(3);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

}  // namespace
}  // namespace geomx::trainer
