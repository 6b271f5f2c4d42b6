#include "trainer/data/slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "tests/unit/trainer/data/error_of.h"
#include "tests/unit/trainer/data/numbered.h"
#include "trainer/data/dirichlet.h"

namespace geomx::trainer {
namespace {

TEST(Slice, AreContiguousEqualAndDisjoint) {
  const Dataset whole = numbered(103);
  for (std::size_t index = 0; index < 4; ++index) {
    const Dataset slice = take_slice(whole, {index, 4, {}});
    ASSERT_EQ(slice.size(), 25u);
    for (std::size_t i = 0; i < 25; ++i) {
      EXPECT_EQ(slice.images[i], index * 25 + i);
      EXPECT_EQ(slice.labels[i], (index * 25 + i) * 7 % 10);
    }
  }
}

TEST(Slice, ByClassSeesFewClasses) {
  const Dataset whole = numbered(100);
  std::set<int> seen;
  for (std::size_t index = 0; index < 5; ++index) {
    const Dataset slice = take_slice(whole, {index, 5, {SplitKind::by_class}});
    EXPECT_EQ(std::set<int>(slice.labels.begin(), slice.labels.end()),
              (std::set<int>{2 * static_cast<int>(index), 2 * static_cast<int>(index) + 1}));
    EXPECT_TRUE(std::ranges::is_sorted(slice.images.begin(), slice.images.begin() + 10));  // file order within a class
    for (int image : slice.images) EXPECT_TRUE(seen.insert(image).second);
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Slice, RefusesWhatDoesNotExist) {
  EXPECT_EQ(error_of([] {
              take_slice(numbered(8), {4, 4, {}});
            }),
            "data slice 4 does not exist: 4 workers train, so it is 0..3 (--data-slice-idx, DMLC_NUM_ALL_WORKER)");
  EXPECT_EQ(error_of([] { take_slice(numbered(3), {0, 4, {}}); }), "3 samples cannot be cut into 4 slices");
}

// Mean and variance of Gamma(a, 1) are a; below 1 another branch makes it.
TEST(Gamma, HasItsMeanAndVariance) {
  for (double shape : {0.3, 1.0, 4.5}) {
    Random random(7);
    constexpr int kDraws = 200'000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < kDraws; ++i) {
      const double x = std::exp(log_gamma_sample(random, shape));
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws;
    const double variance = squares / kDraws - mean * mean;
    // Standard errors of the two, from the distribution's moments.
    EXPECT_NEAR(mean, shape, 4 * std::sqrt(shape / kDraws)) << shape;
    EXPECT_NEAR(variance, shape, 4 * std::sqrt((2 * shape * shape + 6 * shape) / kDraws)) << shape;
  }
}

// Component i has mean a_i / A and variance a_i (A - a_i) / (A^2 (A + 1)).
TEST(Dirichlet, HasItsMeansAndVariances) {
  const std::vector<double> parameters{0.05, 0.0, 0.45, 1.5};
  constexpr double kSum = 2.0;
  constexpr int kDraws = 50'000;
  Random random(3);
  std::vector<double> sum(4);
  std::vector<double> squares(4);
  for (int draw = 0; draw < kDraws; ++draw) {
    const auto shares = dirichlet_sample(random, parameters);
    ASSERT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
    for (std::size_t i = 0; i < 4; ++i) {
      sum[i] += shares[i];
      squares[i] += shares[i] * shares[i];
    }
  }
  for (std::size_t i = 0; i < 4; ++i) {
    const double mean = parameters[i] / kSum;
    const double variance = mean * (1 - mean) / (kSum + 1);
    EXPECT_NEAR(sum[i] / kDraws, mean, 4 * std::sqrt(variance / kDraws)) << i;
    EXPECT_NEAR(squares[i] / kDraws - mean * mean, variance, 0.004) << i;
  }
}

// With a parameter so small, each number is too small to be held; one share is still 1.
TEST(Dirichlet, SurvivesTinyParameters) {
  Random random(1);
  for (int i = 0; i < 100; ++i) {
    const auto shares = dirichlet_sample(random, std::vector<double>(10, 1e-7));
    EXPECT_NEAR(*std::ranges::max_element(shares), 1, 1e-6);
  }
}

// How far the classes of a worker are from those of the set, 0 to 2, in the mean.
double skew(double alpha, std::size_t workers) {
  const Dataset whole = numbered(10'000);
  double skew = 0;
  for (const auto& slice : deal_by_dirichlet(whole.labels, workers, alpha, 1)) {
    std::vector<double> counts(10);
    for (std::uint32_t sample : slice) ++counts[whole.labels[sample]];
    for (double count : counts) skew += std::abs(count / static_cast<double>(slice.size()) - 0.1);
  }
  return skew / static_cast<double>(workers);
}

TEST(Dirichlet, AlphaSaysHowUnlikeTheWorkersAre) {
  EXPECT_LT(skew(1e5, 5), 0.1);
  EXPECT_GT(skew(1, 5), 0.5);
  EXPECT_GT(skew(0.01, 5), 1.1);  // of 1.6: each sample is there once, so two classes make a slice
}

TEST(Dirichlet, DealsEqualDisjointSlicesInFileOrder) {
  const Dataset whole = numbered(1003);
  for (double alpha : {0.01, 0.5, 100.0}) {
    std::set<std::uint32_t> seen;
    for (const auto& slice : deal_by_dirichlet(whole.labels, 4, alpha, 9)) {
      EXPECT_EQ(slice.size(), 250u);
      EXPECT_TRUE(std::ranges::is_sorted(slice));
      for (std::uint32_t sample : slice) EXPECT_TRUE(seen.insert(sample).second) << sample;
    }
    EXPECT_LT(*seen.rbegin(), 1003u);
  }
}

// Every worker works out the same for itself. The numbers are part of what "same seed, same result" promises.
TEST(Dirichlet, IsAFunctionOfSeedCountAndAlpha) {
  const Dataset whole = numbered(100);
  const auto slice = [&](std::size_t index, std::size_t count, double alpha, std::uint64_t seed) {
    return slice_samples(whole.labels, {index, count, {SplitKind::dirichlet, alpha, seed}});
  };
  EXPECT_EQ(slice(1, 4, 0.5, 1), slice(1, 4, 0.5, 1));
  EXPECT_NE(slice(1, 4, 0.5, 1), slice(1, 4, 0.5, 2));
  EXPECT_NE(slice(1, 4, 0.5, 1), slice(1, 4, 0.6, 1));
  EXPECT_NE(slice(1, 4, 0.5, 1), slice(2, 4, 0.5, 1));
  EXPECT_THAT(slice(0, 10, 0.5, 42), testing::ElementsAre(5, 16, 25, 45, 46, 62, 65, 85, 92, 96));
}

TEST(Dirichlet, RefusesAnAlphaThatIsNone) {
  const Dataset whole = numbered(100);
  for (double alpha : {0.0, -1.0, std::nan("")}) {
    EXPECT_THAT(error_of([&] { deal_by_dirichlet(whole.labels, 4, alpha, 1); }),
                testing::HasSubstr("a number above 0 wanted"));
  }
}

}  // namespace
}  // namespace geomx::trainer
