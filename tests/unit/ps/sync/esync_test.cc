#include "ps/sync/esync.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace geomx::ps {
namespace {

// The answer to such reports when there are enough of them; the first is of a cold step.
std::uint32_t warm_steps(EsyncPlanner& planner, std::uint64_t worker, const EsyncPlanner::Report& report,
                         std::uint32_t most = 64) {
  EXPECT_EQ(planner.steps(worker, {.step_seconds = 1e5}, most), 1u);
  for (int early = 0; early < 2; ++early) EXPECT_EQ(planner.steps(worker, report, most), 1u);
  return planner.steps(worker, report, most);
}

TEST(EsyncTest, AllReachTheServerTogether) {
  EsyncPlanner planner;
  EXPECT_EQ(warm_steps(planner, 0, {.step_seconds = 0.8, .road_seconds = 0.2}), 1u);
  EXPECT_EQ(warm_steps(planner, 1, {.step_seconds = 0.2, .road_seconds = 0.2}), 4u);  // 4 * 0.2 + 0.2 = 0.8 + 0.2
  EXPECT_EQ(warm_steps(planner, 2, {.step_seconds = 0.2, .road_seconds = 0.5}), 2u);  // a longer road, less time
  EXPECT_EQ(planner.steps(0, {.step_seconds = 0.8, .road_seconds = 0.2}, 64), 1u);
}

TEST(EsyncTest, OneReportThatIsUnlikeTheOthersChangesNothing) {
  EsyncPlanner planner;
  for (int report = 0; report < 5; ++report) {
    planner.steps(0, {.step_seconds = 1}, 64);
    planner.steps(1, {.step_seconds = 0.125}, 64);
  }
  EXPECT_EQ(planner.steps(0, {.step_seconds = 30}, 64), 1u);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 0.125}, 64), 8u);
  EXPECT_EQ(planner.steps(0, {.step_seconds = 0.01}, 64), 1u);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 0.01, .road_seconds = 5}, 64), 8u);
}

TEST(EsyncTest, WhoIsNoLongerSlowIsNotWaitedForLong) {
  EsyncPlanner planner;
  for (int report = 0; report < 20; ++report) planner.steps(0, {.step_seconds = 1}, 64);
  EXPECT_EQ(warm_steps(planner, 1, {.step_seconds = 0.125}), 8u);
  for (int report = 0; report < 5; ++report) planner.steps(0, {.step_seconds = 0.25}, 64);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 0.125}, 64), 2u);
}

TEST(EsyncTest, StepsAreBounded) {
  EsyncPlanner planner;
  warm_steps(planner, 0, {.step_seconds = 1000});
  EXPECT_EQ(warm_steps(planner, 1, {.step_seconds = 1e-9}), 64u);
  EXPECT_EQ(planner.steps(1, {.step_seconds = 1e-9}, 0), 1u);
}

TEST(EsyncTest, NonsenseIsHarmless) {
  EsyncPlanner planner;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(warm_steps(planner, 0, {.step_seconds = kNan, .road_seconds = -1}, 8), 1u);
  EXPECT_EQ(warm_steps(planner, 1, {.step_seconds = kInfinity, .road_seconds = kNan}, 8), 1u);
  EXPECT_EQ(warm_steps(planner, 2, {.step_seconds = 1, .road_seconds = kInfinity}, 8), 1u);
}

}  // namespace
}  // namespace geomx::ps
