#include "trainer/model/initial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "trainer/model/zoo.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

TEST(Initial, WeightsFillTheirBoundAndBiasesAreZero) {
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  Tensors parameters(graph.parameters());
  initialise(graph, parameters, 7);
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

TEST(Initial, IsAFunctionOfTheSeed) {
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  Tensors a(graph.parameters());
  Tensors b(graph.parameters());
  Tensors c(graph.parameters());
  initialise(graph, a, 7);
  initialise(graph, b, 7);
  initialise(graph, c, 8);
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
