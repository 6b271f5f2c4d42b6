#include "ps/sync/fsa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Encoded values(const std::vector<float>& floats) {
  return {Format::fp32, Buffer::copy_of(floats.data(), floats.size() * sizeof(float))};
}

std::vector<float> floats(const Buffer& buffer) {
  const auto span = buffer.as<float>();
  return {span.begin(), span.end()};
}

std::string refusal(Fsa& fsa, Addend addend) {
  try {
    fsa.add(std::move(addend));
  } catch (const Error& error) {
    return error.what();
  }
  return "taken";
}

TEST(FsaTest, ClosesWhenAllWorkersAreIn) {
  Fsa fsa(4, 2);
  fsa.open(1);
  EXPECT_FALSE(fsa.add({.contributor = 0, .round = 1, .workers = 2, .values = values({1, 2})}));
  EXPECT_FALSE(fsa.add({.contributor = 1, .round = 1, .workers = 1, .values = values({10, 20})}));
  EXPECT_TRUE(fsa.add({.contributor = 2, .round = 1, .workers = 1, .values = values({100, 200})}));
  const Sum sum = fsa.close();
  EXPECT_EQ(sum.round, 1U);
  EXPECT_EQ(sum.workers, 4U);
  EXPECT_THAT(floats(sum.values), ElementsAre(111, 222));
}

Addend alone(std::uint64_t contributor, float value) {
  return {.contributor = contributor, .round = 1, .values = values({value})};
}
Addend sum_of(std::uint64_t contributor, const std::set<std::uint64_t>& summed, float value) {
  return {.contributor = contributor,
          .round = 1,
          .workers = static_cast<std::uint32_t>(summed.size()),
          .values = values({value}),
          .contributors = static_cast<std::uint32_t>(summed.size()),
          .summed = summed};
}

// Gradients of 1, 10, 100 and 1000, which take several roads.
TEST(FsaTest, WhatComesAloneAndInASumCountsOnce) {
  for (const bool alone_first : {false, true}) {
    Fsa fsa(4, 1);
    fsa.open(1);
    if (alone_first) {
      EXPECT_FALSE(fsa.add(alone(1, 10)));
    }
    EXPECT_FALSE(fsa.add(sum_of(2, {1, 2}, 110)));
    if (!alone_first) {
      EXPECT_FALSE(fsa.add(alone(1, 10)));
    }
    EXPECT_FALSE(fsa.add(alone(2, 100)));  // whose sender has sent the sum
    EXPECT_TRUE(fsa.has(1));
    EXPECT_FALSE(fsa.has(0));
    EXPECT_EQ(refusal(fsa, sum_of(0, {0, 1}, 11)),
              "a sum of round 1 that has some gradients in common with another one");
    EXPECT_FALSE(fsa.add(alone(0, 1)));
    EXPECT_TRUE(fsa.add(alone(3, 1000)));
    const Sum sum = fsa.close();
    EXPECT_THAT(floats(sum.values), ElementsAre(1111));
    EXPECT_EQ(sum.workers, 4U);
    EXPECT_EQ(sum.contributors, 4U);
  }
}

TEST(FsaTest, OneWhoIsExcusedMayBeInASum) {
  Fsa fsa(3, 1);
  fsa.open(1);
  fsa.excuse(1, 5);
  EXPECT_FALSE(fsa.add(sum_of(0, {0, 1}, 11)));  // of three, two are in
  EXPECT_TRUE(fsa.add(alone(2, 100)));
  EXPECT_EQ(fsa.close().workers, 3U);
}

TEST(FsaTest, TheOrderOfArrivalDoesNotMatter) {
  // 1e8 swallows a 3 that is added to it alone, and feels a 6: the sum depends on the order of addition.
  std::vector<Addend> addends = {{.contributor = 0, .round = 1, .values = values({3})},
                                 {.contributor = 1, .round = 1, .values = values({3})},
                                 {.contributor = 2, .round = 1, .values = values({1e8F})},
                                 {.contributor = 3, .round = 1, .values = values({-1e8F})}};
  const float in_order = ((3.0F + 3.0F) + 1e8F) - 1e8F;
  ASSERT_NE(in_order, ((1e8F + 3.0F) + 3.0F) - 1e8F);
  std::vector<int> arrival = {0, 1, 2, 3};
  do {
    Fsa fsa(4, 1);
    fsa.open(1);
    for (const int i : arrival) fsa.add(addends[static_cast<std::size_t>(i)]);
    ASSERT_THAT(floats(fsa.close().values), ElementsAre(in_order));
  } while (std::next_permutation(arrival.begin(), arrival.end()));
}

TEST(FsaTest, ASingleAddendIsNotCopied) {
  Fsa fsa(2, 2);
  fsa.open(7);
  const Encoded only = values({1, 2});
  EXPECT_TRUE(fsa.add({.contributor = 0, .round = 7, .workers = 2, .values = only}));
  EXPECT_EQ(fsa.close().values.data(), only.bytes.data());
}

TEST(FsaTest, ASumOutlivesTheNextRound) {
  Fsa fsa(2, 1);
  std::vector<Buffer> sums;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    fsa.open(round);
    fsa.add({.contributor = 0, .round = round, .values = values({1})});
    fsa.add({.contributor = 1, .round = round, .values = values({static_cast<float>(round)})});
    sums.push_back(fsa.close().values);
  }
  EXPECT_THAT(floats(sums[0]), ElementsAre(2));
  EXPECT_THAT(floats(sums[1]), ElementsAre(3));
  EXPECT_THAT(floats(sums[2]), ElementsAre(4));
}

TEST(FsaTest, RefusesWhatDoesNotBelongAndStaysAsItWas) {
  Fsa fsa(2, 1);
  EXPECT_THAT(refusal(fsa, {.contributor = 0, .round = 1, .values = values({1})}), HasSubstr("round 0 is closing"));
  fsa.open(1);
  EXPECT_EQ(refusal(fsa, {.contributor = 0, .round = 2, .values = values({1})}),
            "a gradient of round 2, where round 1 is open");
  EXPECT_EQ(refusal(fsa, {.contributor = 0, .round = 1, .workers = 0, .values = values({1})}),
            "a gradient of no worker");
  EXPECT_EQ(refusal(fsa, {.contributor = 0, .round = 1, .workers = 1, .values = values({1})}), "taken");
  EXPECT_EQ(refusal(fsa, {.contributor = 0, .round = 1, .workers = 1, .values = values({1})}),
            "a second gradient of round 1 from the same sender");
  EXPECT_EQ(refusal(fsa, {.contributor = 1, .round = 1, .workers = 4'000'000'000, .values = values({1})}),
            "gradients of 4000000001 workers, where 2 train");
  EXPECT_TRUE(fsa.add({.contributor = 1, .round = 1, .workers = 1, .values = values({5})}));
  EXPECT_THAT(floats(fsa.close().values), ElementsAre(6));
}

TEST(ArrayPoolTest, GivesAnArrayAgainOnlyWhenItsReadersHaveGone) {
  ArrayPool pool(16);
  std::shared_ptr<float> array = pool.take();
  const float* first = array.get();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0U);
  Buffer reader = pool.freeze(std::move(array));
  EXPECT_EQ(reader.size(), 64U);
  EXPECT_NE(pool.take().get(), first);
  const std::shared_ptr<float> other = pool.take();
  reader = {};
  EXPECT_EQ(pool.take().get(), first);
}

TEST(ArrayPoolTest, AnArrayMayOutliveItsPool) {
  std::shared_ptr<float> array;
  {
    ArrayPool pool(1);
    array = pool.take();
  }
  *array = 3;
  EXPECT_EQ(*array, 3);
}

TEST(FsaTest, NoRoundWaitsForOneWhoIsExcused) {
  Fsa fsa(3, 1);
  fsa.open(1);
  EXPECT_FALSE(fsa.excuse(1, 3));  // nobody has come yet
  EXPECT_FALSE(fsa.add({.contributor = 0, .round = 1, .values = values({3})}));
  EXPECT_TRUE(fsa.add({.contributor = 2, .round = 1, .values = values({4})}));
  const Sum sum = fsa.close();
  EXPECT_EQ(sum.workers, 2u);
  EXPECT_EQ(sum.absent, 1u);
  fsa.open(2);
  EXPECT_FALSE(fsa.add({.contributor = 0, .round = 2, .values = values({1})}));
  EXPECT_TRUE(fsa.excuse(2, 9));  // dies while the round is open
  fsa.close();
  fsa.open(3);  // the first of the two is back
  EXPECT_FALSE(fsa.add({.contributor = 0, .round = 3, .values = values({1})}));
  EXPECT_TRUE(fsa.add({.contributor = 1, .round = 3, .values = values({1})}));
}

TEST(FsaTest, APartyThatMissesAWorkerCountsItAsAbsent) {
  Fsa fsa(4, 1);
  fsa.open(1);
  EXPECT_FALSE(fsa.add({.contributor = 0, .round = 1, .workers = 1, .absent = 1, .values = values({3})}));
  EXPECT_TRUE(fsa.add({.contributor = 1, .round = 1, .workers = 2, .values = values({4})}));
  EXPECT_EQ(fsa.close().workers, 3u);
  fsa.open(2);
  EXPECT_EQ(refusal(fsa, {.contributor = 0, .round = 2, .workers = 3, .absent = 2, .values = values({3})}),
            "gradients of 5 workers, where 4 train");
}

}  // namespace
}  // namespace geomx::ps
