#include "ps/server/round_recorder.h"

#include <gtest/gtest.h>

#include <vector>

namespace geomx::ps {
namespace {

using Clock = std::chrono::steady_clock;

struct Heard {
  std::vector<ServerRound> rounds;
  RoundRecorder::Told told() {
    return [this](const ServerRound& round) { rounds.push_back(round); };
  }
};

double sum(const ServerRound& round) {
  return round.gather + round.compute + round.push + round.wait + round.pull;
}

TEST(RoundRecorder, TellsOnceAllChunksAreAnswered) {
  Heard heard;
  RoundRecorder recorder(heard.told());
  for (const std::uint64_t round : {1, 2}) {
    recorder.came();
    recorder.gathered(round);
    recorder.gathered(round);
    recorder.answered(round, 2);
    EXPECT_EQ(heard.rounds.size(), round - 1);
    recorder.answered(round, 2);
    ASSERT_EQ(heard.rounds.size(), round);
    EXPECT_EQ(heard.rounds.back().round, round);
  }
}

// From the first push on, every moment belongs to one thing of one round.
TEST(RoundRecorder, TimesAddUp) {
  Heard heard;
  RoundRecorder recorder(heard.told());
  const auto begin = Clock::now();
  recorder.came();
  const auto begun = Clock::now();
  for (std::uint64_t round = 1; round <= 50; ++round) {
    recorder.came();
    recorder.gathered(round);
    recorder.answered(round, 1);
  }
  const auto end = Clock::now();
  double total = 0;
  for (const ServerRound& round : heard.rounds) {
    EXPECT_EQ(round.push + round.wait + round.pull, 0);
    EXPECT_GE(round.gather, 0);
    EXPECT_GE(round.compute, 0);
    total += sum(round);
  }
  EXPECT_LE(total, std::chrono::duration<double>(end - begin).count());
  EXPECT_GE(total, std::chrono::duration<double>(end - begun).count() * 0.5 - 1e-4);
}

TEST(RoundRecorder, SplitsTheExchangeWithTheServersAbove) {
  Heard heard;
  const auto now = Clock::now();
  RoadTimes roads{now + std::chrono::seconds(1), now + std::chrono::seconds(2), now + std::chrono::seconds(3)};
  bool local = false;
  RoundRecorder recorder(heard.told(), [&] { return local ? std::nullopt : std::optional(roads); });
  recorder.came();
  recorder.gathered(1);
  recorder.answered(1, 1);
  ASSERT_EQ(heard.rounds.size(), 1u);
  // What the roads' clock has beyond the round does not lengthen it.
  EXPECT_GT(heard.rounds[0].push, 0);
  EXPECT_EQ(heard.rounds[0].wait, 0);
  EXPECT_EQ(heard.rounds[0].pull, 0);
  EXPECT_LT(heard.rounds[0].push, 1);

  roads.pushed = roads.answered = now;
  recorder.gathered(2);
  recorder.answered(2, 1);
  ASSERT_EQ(heard.rounds.size(), 2u);
  EXPECT_EQ(heard.rounds[1].push, 0);
  EXPECT_GT(heard.rounds[1].pull, 0);

  local = true;  // a round within the party
  recorder.gathered(3);
  recorder.answered(3, 1);
  ASSERT_EQ(heard.rounds.size(), 3u);
  EXPECT_GT(heard.rounds[2].compute, 0);
  EXPECT_EQ(heard.rounds[2].pull, 0);
}

TEST(RoundRecorder, WhatWasNotGatheredIsNoRound) {
  Heard heard;
  RoundRecorder recorder(heard.told());
  recorder.answered(7, 1);
  EXPECT_TRUE(heard.rounds.empty());
}

TEST(RoundRecorder, NobodyListens) {
  EXPECT_EQ(RoundRecorder({}).heard(), nullptr);
}

}  // namespace
}  // namespace geomx::ps
