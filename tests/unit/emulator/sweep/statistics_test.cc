#include "emulator/sweep/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace geomx::sweep {
namespace {

// Tables of Student's distribution, two-sided, as in Abramowitz and Stegun, table 26.10.
TEST(Statistics, QuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(student_quantile(0.95, 1), 12.706, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 2), 4.303, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 3), 3.182, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 4), 2.776, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 9), 2.262, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 30), 2.042, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 120), 1.980, 5e-4);
  EXPECT_NEAR(student_quantile(0.99, 5), 4.032, 5e-4);
  EXPECT_NEAR(student_quantile(0.5, 10), 0.700, 5e-4);
  EXPECT_NEAR(student_quantile(0.95, 100'000), 1.960, 5e-4) << "of the normal distribution";
}

TEST(Statistics, ProbabilityIsWhatTheDensityAddsUpTo) {
  for (const std::size_t freedom : {1, 2, 5, 8}) {
    const double n = static_cast<double>(freedom);
    const double scale = std::exp(std::lgamma((n + 1) / 2) - std::lgamma(n / 2)) / std::sqrt(n * std::acos(-1.0));
    constexpr int kSteps = 20'000;
    constexpr double kT = 3;
    double sum = 0;
    for (int i = 0; i < kSteps; ++i) {
      const double t = kT * (i + 0.5) / kSteps;
      sum += scale * std::pow(1 + t * t / n, -(n + 1) / 2) * kT / kSteps;
    }
    EXPECT_NEAR(student_probability(kT, freedom), 2 * sum, 1e-7) << freedom;
  }
  EXPECT_EQ(student_probability(0, 3), 0);
}

TEST(Statistics, EstimateHasMeanAndInterval) {
  // Deviation 1, so the interval is t / sqrt(3).
  const Estimate three = estimate({1, 2, 3});
  EXPECT_EQ(three.count, 3u);
  EXPECT_DOUBLE_EQ(three.mean, 2);
  EXPECT_NEAR(*three.half_width, 4.302653 / std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(*estimate({10, 12}).half_width, 12.706205, 1e-6);
  EXPECT_EQ(*estimate({5, 5, 5, 5}).half_width, 0);
  const Estimate one = estimate({4});
  EXPECT_EQ(one.mean, 4);
  EXPECT_EQ(one.half_width, std::nullopt);
}

}  // namespace
}  // namespace geomx::sweep
