#include "ps/sync/esync.h"

#include <gtest/gtest.h>

#include <limits>

namespace geomx::ps {
namespace {

TEST(EsyncTest, AllReachTheServerTogether) {
  EsyncPlanner planner;
  EXPECT_EQ(planner.steps(0, {.step_seconds = 0.8, .road_seconds = 0.2}, 64), 1u);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 0.2, .road_seconds = 0.2}, 64), 4u);  // 4 * 0.2 + 0.2 = 0.8 + 0.2
  EXPECT_EQ(planner.steps(2, {.step_seconds = 0.2, .road_seconds = 0.5}, 64), 2u);  // a longer road leaves less time
  EXPECT_EQ(planner.steps(0, {.step_seconds = 0.8, .road_seconds = 0.2}, 64), 1u);
}

TEST(EsyncTest, TheLastReportCounts) {
  EsyncPlanner planner;
  planner.steps(0, {.step_seconds = 1}, 64);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 0.125}, 64), 8u);
  planner.steps(0, {.step_seconds = 0.25}, 64);  // no longer so slow
  EXPECT_EQ(planner.steps(1, {.step_seconds = 0.125}, 64), 2u);
}

TEST(EsyncTest, StepsAreBounded) {
  EsyncPlanner planner;
  planner.steps(0, {.step_seconds = 1000}, 64);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 1e-9}, 64), 64u);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 1e-9}, 0), 1u);
}

TEST(EsyncTest, NonsenseIsHarmless) {
  EsyncPlanner planner;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(planner.steps(0, {.step_seconds = kNan, .road_seconds = -1}, 8), 1u);
  EXPECT_EQ(planner.steps(1, {.step_seconds = kInfinity, .road_seconds = kNan}, 8), 1u);
  EXPECT_EQ(planner.steps(2, {.step_seconds = 1, .road_seconds = kInfinity}, 8), 1u);
}

}  // namespace
}  // namespace geomx::ps
