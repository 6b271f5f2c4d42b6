#include "trainer/loop/waits.h"

#include <gtest/gtest.h>

namespace geomx::trainer {
namespace {

Wait::TimePoint at(int milliseconds) {
  return Wait::TimePoint(std::chrono::milliseconds(milliseconds));
}

StepReport split(const std::vector<Wait>& waits, const std::optional<ps::RoadTimes>& roads) {
  StepReport report;
  split_waits(waits, roads, report);
  return report;
}

TEST(Waits, OneWaitIsPushThenWaitThenPull) {
  const StepReport report = split({{at(100), at(200)}}, ps::RoadTimes{at(130), at(190), at(200)});
  EXPECT_DOUBLE_EQ(report.push_ms, 30);
  EXPECT_DOUBLE_EQ(report.wait_ms, 60);
  EXPECT_DOUBLE_EQ(report.pull_ms, 10);
  EXPECT_DOUBLE_EQ(report.communicate_ms, 100);
}

// The last push was there before the worker had computed.
TEST(Waits, WhatPassedDuringComputingTookNoTime) {
  const StepReport report = split({{at(100), at(200)}}, ps::RoadTimes{at(90), at(95), at(200)});
  EXPECT_DOUBLE_EQ(report.push_ms, 0);
  EXPECT_DOUBLE_EQ(report.wait_ms, 0);
  EXPECT_DOUBLE_EQ(report.pull_ms, 100);
}

// P3: it waits layer by layer.
TEST(Waits, SeveralWaitsWithComputingBetween) {
  const StepReport report =
      split({{at(0), at(10)}, {at(20), at(30)}, {at(50), at(60)}}, ps::RoadTimes{at(5), at(25), at(58)});
  EXPECT_DOUBLE_EQ(report.push_ms, 5);
  EXPECT_DOUBLE_EQ(report.wait_ms, 5 + 5);
  EXPECT_DOUBLE_EQ(report.pull_ms, 5 + 10);
  EXPECT_DOUBLE_EQ(report.communicate_ms, 30);
}

TEST(Waits, WithoutAnExchangeAllIsWaiting) {
  EXPECT_DOUBLE_EQ(split({{at(0), at(7)}}, std::nullopt).wait_ms, 7);
  EXPECT_DOUBLE_EQ(split({}, std::nullopt).communicate_ms, 0);
}

}  // namespace
}  // namespace geomx::trainer
