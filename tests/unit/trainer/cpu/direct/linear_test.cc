// Every kernel that this processor has, beside the same product in double.
#include "trainer/cpu/direct/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace geomx::trainer::direct {
namespace {

std::vector<float> random_values(long count, std::mt19937& random) {
  std::uniform_real_distribution<float> any(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = any(random);
  return values;
}

std::vector<const Kernels*> kernels_here() {
  std::vector<const Kernels*> here;
  for (const Kernels* kernels : {avx512_kernels(), avx2_kernels()}) {
    if (kernels != nullptr) here.push_back(kernels);
  }
  return here;
}

TEST(Linear, IsTheProductWithBiasAndRelu) {
  if (kernels_here().empty()) GTEST_SKIP() << "this processor has neither AVX-512 nor AVX2";
  struct Case {
    long rows, length, columns;
  };
  for (const Case& shape : {Case{32, 512, 256}, Case{1, 16, 1}, Case{7, 48, 10}, Case{5, 784, 33}}) {
    std::mt19937 random(1);
    const auto source = random_values(shape.rows * shape.length, random);
    const auto weights = random_values(shape.columns * shape.length, random);
    const auto bias = random_values(shape.columns, random);
    for (const Kernels* kernels : kernels_here()) {
      for (const int threads : {1, 2, 3}) {
        for (const bool plain : {false, true}) {
          SCOPED_TRACE(std::to_string(shape.rows) + "x" + std::to_string(shape.length) + "x" +
                       std::to_string(shape.columns) + ", " + kernels->name + ", threads: " + std::to_string(threads));
          std::vector<float> output(static_cast<std::size_t>(shape.rows * shape.columns),
                                    std::numeric_limits<float>::quiet_NaN());
          const auto plan = LinearPlan::make(shape.rows, shape.length, shape.columns, threads, kernels);
          ASSERT_TRUE(plan.has_value());
          plan->forward(source.data(), weights.data(), plain ? nullptr : bias.data(), !plain, output.data());
          for (long row = 0; row < shape.rows; ++row) {
            for (long column = 0; column < shape.columns; ++column) {
              double sum = plain ? 0.0 : static_cast<double>(bias[static_cast<std::size_t>(column)]);
              for (long i = 0; i < shape.length; ++i) {
                sum += static_cast<double>(source[static_cast<std::size_t>(row * shape.length + i)]) *
                       weights[static_cast<std::size_t>(column * shape.length + i)];
              }
              const double right = plain ? sum : std::max(sum, 0.0);
              ASSERT_NEAR(output[static_cast<std::size_t>(row * shape.columns + column)], right, 2e-5)
                  << row << ", " << column;
            }
          }
        }
      }
    }
  }
}

TEST(Linear, DoesNotDependOnTheNumberOfThreadsAndPassesNanOn) {
  for (const Kernels* kernels : kernels_here()) {
    std::mt19937 random(2);
    auto source = random_values(6 * 64, random);
    const auto weights = random_values(40 * 64, random);
    std::vector<float> one(6 * 40);
    std::vector<float> three(6 * 40);
    LinearPlan::make(6, 64, 40, 1, kernels)->forward(source.data(), weights.data(), nullptr, true, one.data());
    LinearPlan::make(6, 64, 40, 3, kernels)->forward(source.data(), weights.data(), nullptr, true, three.data());
    EXPECT_EQ(one, three) << kernels->name;
    source[64 + 5] = std::numeric_limits<float>::quiet_NaN();  // in the second row
    LinearPlan::make(6, 64, 40, 1, kernels)->forward(source.data(), weights.data(), nullptr, true, one.data());
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(std::isnan(one[i]), i / 40 == 1) << kernels->name;
  }
}

TEST(Linear, SaysWhatItHasNoKernelFor) {
  EXPECT_EQ(LinearPlan::make(4, 32, 10, 1).has_value(), avx512_kernels() != nullptr);
  EXPECT_FALSE(LinearPlan::make(4, 30, 10, 1).has_value());
  EXPECT_FALSE(LinearPlan::make(0, 32, 10, 1).has_value());
  EXPECT_FALSE(LinearPlan::make(4, 32, 10, 1, nullptr).has_value());
}

}  // namespace
}  // namespace geomx::trainer::direct
