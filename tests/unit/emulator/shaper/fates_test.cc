#include "emulator/shaper/fates.h"

#include <gtest/gtest.h>

#include <vector>

#include "emulator/shaper/jitter.h"
#include "tests/support/statistics.h"

namespace geomx::shaper {
namespace {

using std::chrono::milliseconds;
using test::binomial_99;

Direction seeded() {
  Direction direction;
  direction.seed = 11;
  return direction;
}

std::vector<PacketFate> fates_of(const Direction& direction, std::uint64_t count, std::uint64_t step = 1) {
  Fates fates(direction);
  std::vector<PacketFate> result;
  for (std::uint64_t i = 0; i < count; i += step) result.push_back(fates.of(i));
  return result;
}

TEST(Fates, EachChanceIsWithinItsInterval) {
  Direction direction = seeded();
  direction.loss = 0.01;
  direction.duplicate = 0.02;
  direction.reorder = 0.05;
  direction.corrupt = 0.003;
  constexpr double kCount = 200'000;
  double lost = 0;
  double duplicated = 0;
  double reordered = 0;
  double corrupted = 0;
  double both = 0;
  for (const PacketFate& fate : fates_of(direction, static_cast<std::uint64_t>(kCount))) {
    lost += fate.lost;
    duplicated += fate.duplicated;
    reordered += fate.reordered;
    corrupted += fate.corrupted;
    both += fate.duplicated && fate.reordered;
    EXPECT_FALSE(fate.lost && (fate.duplicated || fate.reordered || fate.corrupted));
  }
  EXPECT_NEAR(lost, kCount * 0.01, binomial_99(kCount, 0.01));
  const double arrived = kCount - lost;
  EXPECT_NEAR(duplicated, arrived * 0.02, binomial_99(arrived, 0.02));
  EXPECT_NEAR(reordered, arrived * 0.05, binomial_99(arrived, 0.05));
  EXPECT_NEAR(corrupted, arrived * 0.003, binomial_99(arrived, 0.003));
  // The dice know nothing of each other.
  EXPECT_NEAR(both, arrived * 0.001, binomial_99(arrived, 0.001));
}

struct Model {
  GilbertElliott model;
  const char* name;
};
class Bursts : public ::testing::TestWithParam<Model> {};

TEST_P(Bursts, LossAndLengthAreWithinTheirIntervals) {
  Direction direction = seeded();
  direction.gilbert_elliott = GetParam().model;
  const GilbertElliott& model = GetParam().model;
  constexpr std::uint64_t kCount = 2'000'000;
  std::vector<double> lengths;
  double lost = 0;
  double run = 0;
  for (const PacketFate& fate : fates_of(direction, kCount)) {
    lost += fate.lost;
    if (fate.lost) {
      ++run;
    } else if (run > 0) {
      lengths.push_back(run);
      run = 0;
    }
  }
  const double share = lost / static_cast<double>(kCount);
  EXPECT_NEAR(share, mean_loss(direction), 2.576 * loss_deviation(direction, static_cast<double>(kCount)));
  if (model.loss_good > 0 || model.loss_bad < 1) return;  // then runs of losses are not the bursts themselves
  // Bursts are geometric: of mean 1/r and deviation sqrt(1 - r)/r.
  const double bursts = static_cast<double>(lengths.size());
  EXPECT_GT(bursts, 1000);
  EXPECT_NEAR(test::moments_of(lengths).mean, 1 / model.r,
              2.576 * std::sqrt(1 - model.r) / model.r / std::sqrt(bursts));
  const auto single = static_cast<double>(std::count(lengths.begin(), lengths.end(), 1.0));
  EXPECT_NEAR(single, bursts * model.r, binomial_99(bursts, model.r));
}

INSTANTIATE_TEST_SUITE_P(Models, Bursts,
                         ::testing::Values(Model{{0.01, 0.2, 0, 1}, "simple"}, Model{{0.001, 0.5, 0, 1}, "short"},
                                           Model{{0.002, 0.05, 0.001, 0.6}, "elliott"},
                                           Model{{0.3, 0.9, 0.01, 0.2}, "restless"}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Fates, ABurstDoesNotDependOnWhatTheQueueDropped) {
  Direction direction = seeded();
  direction.gilbert_elliott = GilbertElliott{0.05, 0.3, 0.01, 0.9};
  direction.delay = direction.jitter = milliseconds(10);
  direction.correlation = 0.5;
  const auto all = fates_of(direction, 10'000);
  const auto some = fates_of(direction, 10'000, 7);
  for (std::size_t i = 0; i < some.size(); ++i) {
    ASSERT_EQ(some[i].lost, all[7 * i].lost) << i;
    ASSERT_EQ(some[i].swing, all[7 * i].swing) << i;
  }
}

TEST(Fates, TheSeedDecides) {
  Direction direction = seeded();
  direction.gilbert_elliott = GilbertElliott{0.05, 0.3, 0, 1};
  const auto lost = [&](std::uint64_t seed) {
    direction.seed = seed;
    std::vector<bool> result;
    for (const PacketFate& fate : fates_of(direction, 1000)) result.push_back(fate.lost);
    return result;
  };
  EXPECT_EQ(lost(1), lost(1));
  EXPECT_NE(lost(1), lost(2));
}

// The share of the swings that are not cut off above.
double uncut(Distribution distribution) {
  if (distribution == Distribution::uniform) return 1;
  return distribution == Distribution::normal ? normal_below(4) : 1 - std::pow(4.0 / (4.0 / 3) + 1.5, -3.0);
}

// Of the swings that are not cut off, the share below one, found by bisection of the quantiles.
double share_below(Distribution distribution, double swing) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (swing_at(distribution, middle) < swing ? low : high) = middle;
  }
  return (low + high) / 2 / uncut(distribution);
}

std::vector<double> without_cut(std::vector<double> swings, Distribution distribution) {
  std::erase_if(swings, [&](double swing) {
    return distribution != Distribution::uniform && swing > highest_swing(distribution) - 1e-3;
  });
  return swings;
}

struct Spread {
  Distribution distribution;
  double correlation;
};
class Jitter : public ::testing::TestWithParam<Spread> {};

TEST_P(Jitter, HasItsDistributionAndItsCorrelation) {
  Direction direction = seeded();
  direction.delay = direction.jitter = milliseconds(10);
  direction.distribution = GetParam().distribution;
  direction.correlation = GetParam().correlation;
  constexpr std::size_t kCount = 200'000;
  std::vector<double> swings;
  for (const PacketFate& fate : fates_of(direction, kCount)) swings.push_back(fate.swing);
  EXPECT_NEAR(test::rank_correlation(swings), GetParam().correlation, 2.576 / std::sqrt(kCount));
  // The test is for independent samples: of correlated ones it takes every 50th.
  std::vector<double> apart;
  for (std::size_t i = 0; i<kCount; i += GetParam().correlation> 0 ? 50 : 1) apart.push_back(swings[i]);
  const std::vector<double> inside = without_cut(apart, GetParam().distribution);
  const auto count = static_cast<double>(apart.size());
  EXPECT_NEAR(static_cast<double>(inside.size()), count * uncut(GetParam().distribution),
              test::binomial_99(count, uncut(GetParam().distribution)) + 0.5);
  EXPECT_LT(test::distance_from(inside, [](double x) { return share_below(GetParam().distribution, x); }),
            test::one_percent_distance(inside.size()));
}

INSTANTIATE_TEST_SUITE_P(Spreads, Jitter,
                         ::testing::Values(Spread{Distribution::uniform, 0}, Spread{Distribution::normal, 0},
                                           Spread{Distribution::pareto, 0}, Spread{Distribution::uniform, 0.25},
                                           Spread{Distribution::normal, 0.5}, Spread{Distribution::pareto, 0.8}));

TEST(JitterQuantiles, AreThoseOfTheTextbook) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959964, 1e-6);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232, 1e-6);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-12);
  EXPECT_NEAR(normal_below(normal_quantile(0.3)), 0.3, 1e-9);
  EXPECT_EQ(swing_at(Distribution::uniform, 0.75), 0.5);
  EXPECT_NEAR(swing_at(Distribution::pareto, 0), -2.0 / 3, 1e-12);
  EXPECT_NEAR(swing_at(Distribution::pareto, 0.875), 2.0 / 3, 1e-12);  // 8^(1/3) = 2, less the mean of 1.5
  EXPECT_EQ(swing_at(Distribution::pareto, 0.999999), 4);
  EXPECT_EQ(swing_at(Distribution::normal, 1e-9), -4);
}

TEST(JitterQuantiles, FillNetemsTable) {
  for (const Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::pareto}) {
    const auto table = netem_table(distribution);
    ASSERT_LE(table.size(), 16384u);
    EXPECT_TRUE(std::is_sorted(table.begin(), table.end()));
    std::vector<double> swings;
    for (const std::int16_t entry : table) swings.push_back(entry / 8192.0);
    EXPECT_NEAR(test::moments_of(swings).mean, distribution == Distribution::pareto ? -0.033 : 0, 0.005);
    EXPECT_LT(
        test::distance_from(without_cut(swings, distribution), [&](double x) { return share_below(distribution, x); }),
        0.001);
  }
}

TEST(MeanLoss, IsThatOfTheModel) {
  Direction direction;
  direction.loss = 0.02;
  EXPECT_EQ(mean_loss(direction), 0.02);
  EXPECT_NEAR(loss_deviation(direction, 10'000), 0.0014, 1e-9);
  direction.gilbert_elliott = GilbertElliott{0.01, 0.19, 0, 1};
  EXPECT_NEAR(mean_loss(direction), 0.05, 1e-12);
  EXPECT_GT(loss_deviation(direction, 10'000), 2 * 0.00218);  // bursts vary more than single losses
  direction.gilbert_elliott->p = 0;
  EXPECT_EQ(mean_loss(direction), 0);
}

}  // namespace
}  // namespace geomx::shaper
