#include "ps/optim/schedule.h"

#include <gtest/gtest.h>

#include "tests/support/reference.h"

namespace geomx::ps::testing {
namespace {

proto::OptimizerConfig with(const char* name) {
  proto::OptimizerConfig config = sgd(0.8);
  config.mutable_schedule()->set_name(name);
  return config;
}

TEST(ScheduleTest, IsConstantWhereNothingIsSaid) {
  const Schedule schedule(sgd(0.8));
  EXPECT_EQ(schedule.rate(0), 0.8);
  EXPECT_EQ(schedule.rate(1'000'000'000'000), 0.8);
}

TEST(ScheduleTest, WarmsUpInFrontOfAnySchedule) {
  proto::OptimizerConfig config = with("step");
  config.mutable_schedule()->set_warmup(4);
  config.mutable_schedule()->set_every(3);
  config.mutable_schedule()->set_gamma(0.5);
  const Schedule schedule(config);
  const double expected[] = {0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2};
  for (std::uint64_t step = 0; step < std::size(expected); ++step) {
    EXPECT_DOUBLE_EQ(schedule.rate(step), expected[step]) << step;
  }
}

TEST(ScheduleTest, CosineFallsToItsFloorAndStaysThere) {
  proto::OptimizerConfig config = with("cosine");
  config.mutable_schedule()->set_warmup(2);
  config.mutable_schedule()->set_total(10);
  config.mutable_schedule()->set_floor(0.2);
  const Schedule schedule(config);
  EXPECT_DOUBLE_EQ(schedule.rate(0), 0.4);
  EXPECT_DOUBLE_EQ(schedule.rate(1), 0.8);
  EXPECT_DOUBLE_EQ(schedule.rate(2), 0.8);
  EXPECT_DOUBLE_EQ(schedule.rate(6), 0.5);                                     // half way: cos(pi/2) = 0
  EXPECT_NEAR(schedule.rate(4), 0.2 + 0.3 * (1 + 0.7071067811865476), 1e-15);  // a quarter: cos(pi/4)
  EXPECT_DOUBLE_EQ(schedule.rate(10), 0.2);
  EXPECT_DOUBLE_EQ(schedule.rate(1'000'000), 0.2);
  for (std::uint64_t step = 2; step < 10; ++step) EXPECT_GT(schedule.rate(step), schedule.rate(step + 1)) << step;
}

TEST(ScheduleTest, AgreesWithTheReference) {
  for (const char* name : {"constant", "step", "cosine"}) {
    proto::OptimizerConfig config = with(name);
    config.mutable_schedule()->set_warmup(7);
    if (config.schedule().name() == "step") {
      config.mutable_schedule()->set_every(11);
      config.mutable_schedule()->set_gamma(0.9);
    }
    if (config.schedule().name() == "cosine") {
      config.mutable_schedule()->set_total(150);
      config.mutable_schedule()->set_floor(0.01);
    }
    const Schedule schedule(config);
    for (std::uint64_t step = 0; step < 200; ++step) {
      EXPECT_NEAR(schedule.rate(step), reference_rate(config, step), 1e-12) << name << " " << step;
    }
  }
}

}  // namespace
}  // namespace geomx::ps::testing
