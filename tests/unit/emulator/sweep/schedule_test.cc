#include "emulator/sweep/schedule.h"

#include <gtest/gtest.h>

namespace geomx::sweep {
namespace {

using End = Schedule::End;

std::vector<Waiting> runs(int count) {
  std::vector<Waiting> all;
  for (int run = 1; run <= count; ++run) all.push_back({run});
  return all;
}

// Starts what may be, and returns how many that were.
int start_all(Schedule& schedule) {
  int started = 0;
  while (schedule.next()) ++started;
  return started;
}

TEST(Schedule, OneAfterTheOther) {
  Schedule schedule(runs(3), 1);
  for (int run = 1; run <= 3; ++run) {
    EXPECT_EQ(schedule.next(), run);
    EXPECT_EQ(schedule.next(), std::nullopt);
    EXPECT_EQ(schedule.ended(run, End::ok), Verdict::done);
  }
  EXPECT_TRUE(schedule.finished());
}

TEST(Schedule, KeepsAsManyGoingAsItMay) {
  Schedule schedule(runs(5), 3);
  EXPECT_EQ(start_all(schedule), 3);
  schedule.ended(2, End::ok);
  EXPECT_EQ(schedule.next(), 4);
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_EQ(schedule.waiting(), 1u);
}

TEST(Schedule, AFailureIsRepeatedOnceBehindTheOthers) {
  Schedule schedule(runs(2), 1);
  schedule.next();
  EXPECT_EQ(schedule.ended(1, End::failed), Verdict::repeat_after_failure);
  EXPECT_EQ(schedule.next(), 2);
  schedule.ended(2, End::ok);
  EXPECT_EQ(schedule.next(), 1);
  EXPECT_EQ(schedule.ended(1, End::failed), Verdict::failed);
  EXPECT_TRUE(schedule.finished());
}

TEST(Schedule, FailuresOfAnEarlierSweepCount) {
  Schedule schedule({{1, 1, false}}, 1);
  schedule.next();
  EXPECT_EQ(schedule.ended(1, End::failed), Verdict::failed);
}

TEST(Schedule, DegradedBesideOthersHalvesThemAndIsRepeatedAlone) {
  Schedule schedule(runs(8), 4);
  EXPECT_EQ(start_all(schedule), 4);
  EXPECT_EQ(schedule.ended(1, End::degraded), Verdict::repeat_alone);
  EXPECT_EQ(schedule.jobs(), 2);
  EXPECT_EQ(schedule.next(), std::nullopt) << "the machine has to be free first";
  EXPECT_EQ(schedule.ended(2, End::degraded), Verdict::repeat_alone);
  EXPECT_EQ(schedule.jobs(), 2) << "they were starved together";
  schedule.ended(3, End::ok);
  EXPECT_EQ(schedule.next(), std::nullopt);
  schedule.ended(4, End::ok);
  EXPECT_EQ(schedule.next(), 1);
  EXPECT_EQ(schedule.next(), std::nullopt) << "nothing beside it";
  EXPECT_EQ(schedule.ended(1, End::degraded), Verdict::done) << "alone, it is what this machine can do";
  EXPECT_EQ(schedule.jobs(), 2);
  EXPECT_EQ(schedule.next(), 2);
  schedule.ended(2, End::ok);
  EXPECT_EQ(start_all(schedule), 2);
  EXPECT_EQ(schedule.ended(5, End::degraded), Verdict::repeat_alone);
  EXPECT_EQ(schedule.jobs(), 1);
}

TEST(Schedule, DegradedWithoutCompanyIsDone) {
  Schedule schedule(runs(2), 4);
  EXPECT_EQ(schedule.next(), 1);
  EXPECT_EQ(schedule.ended(1, End::degraded), Verdict::done);
  EXPECT_EQ(schedule.jobs(), 4);
}

TEST(Schedule, CompanyThatHasEndedWasCompany) {
  Schedule schedule(runs(2), 2);
  start_all(schedule);
  schedule.ended(1, End::ok);
  EXPECT_EQ(schedule.ended(2, End::degraded), Verdict::repeat_alone);
}

TEST(Schedule, AFailureAloneStaysAlone) {
  Schedule schedule({{1, 0, true}, {2}, {3}}, 2);
  EXPECT_EQ(schedule.next(), 1);
  EXPECT_EQ(schedule.next(), std::nullopt);
  EXPECT_EQ(schedule.ended(1, End::failed), Verdict::repeat_after_failure);
  EXPECT_EQ(schedule.next(), 1);
  EXPECT_EQ(schedule.next(), std::nullopt);
}

TEST(Schedule, WhatIsInterruptedIsNeitherDoneNorRepeated) {
  Schedule schedule(runs(1), 1);
  schedule.next();
  EXPECT_EQ(schedule.ended(1, End::interrupted), Verdict::not_run);
  EXPECT_TRUE(schedule.finished());
}

}  // namespace
}  // namespace geomx::sweep
