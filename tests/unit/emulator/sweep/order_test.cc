#include "emulator/sweep/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace geomx::sweep {
namespace {

TEST(Order, SeedsAreDerivedAndSharedByCombinations) {
  EXPECT_EQ(derived_seed(7, 1), 7u) << "a sweep of one repetition is what `run` does";
  std::set<std::uint64_t> seeds;
  for (int repetition = 1; repetition <= 100; ++repetition) seeds.insert(derived_seed(7, repetition));
  EXPECT_EQ(seeds.size(), 100u);
  EXPECT_LT(*seeds.rbegin(), std::uint64_t{1} << 53);
  EXPECT_NE(derived_seed(7, 2), derived_seed(8, 2));
  // Written down: folders of earlier versions are resumed with the same seeds.
  EXPECT_EQ(derived_seed(1, 2), 0x910a2dec89025cc1u >> 11) << "SplitMix64's first number from 1";

  const std::vector<Trial> trials = trials_in_order({7, 7, 9}, 2);
  ASSERT_EQ(trials.size(), 6u);
  EXPECT_EQ(trials[1].seed, trials[3].seed);
  EXPECT_NE(trials[1].seed, trials[5].seed);
  EXPECT_EQ(trials[5], (Trial{2, 2, derived_seed(9, 2)}));
}

TEST(Order, ShufflesByTheSeedAndLosesNothing) {
  const std::vector<Trial> trials = trials_in_order(std::vector<std::uint64_t>(20, 3), 3);
  const std::vector<Trial> once = shuffled(trials, 5);
  EXPECT_EQ(once, shuffled(trials, 5));
  EXPECT_NE(once, shuffled(trials, 6));
  EXPECT_NE(once, trials);
  EXPECT_TRUE(std::is_permutation(once.begin(), once.end(), trials.begin(), trials.end()));
}

// Each trial is first about as often as any other.
TEST(Order, NoTrialIsFavoured) {
  const std::vector<Trial> trials = trials_in_order({1, 1, 1, 1}, 1);
  int first[4] = {};
  for (std::uint64_t seed = 0; seed < 4000; ++seed) ++first[shuffled(trials, seed).front().point];
  for (const int count : first) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace geomx::sweep
