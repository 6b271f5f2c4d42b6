#include "emulator/run/monitored.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/base/error.h"

namespace geomx::run {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

MonitoredDeviation late() {
  MonitoredDeviation deviation;
  deviation.direction = "wan-a central->a";
  deviation.aspect = "lateness";
  deviation.worst = "34% of the packets left more than 1ms late";
  deviation.since = 1005.25;
  deviation.seconds = 12;
  deviation.judged = 15;
  deviation.degrading = true;
  deviation.cpu_pressure = 0.97;
  deviation.steal = 0.02;
  return deviation;
}

Monitored faithful() {
  Monitored monitored;
  monitored.verdict = "faithful";
  return monitored;
}

constexpr const char* kWhen = "since 5.2 s, for 12 of 15 s, CPU pressure 97%, steal 2%";

TEST(Combine, NothingOffChangesNothing) {
  const Fidelity whole{Verdict::faithful, {}, {{"wan-b b->central", "rate", lab::LinkScope::wan}}};
  const Fidelity combined = combine(whole, faithful(), 1000);
  EXPECT_EQ(combined.verdict, Verdict::faithful);
  EXPECT_THAT(combined.reasons, IsEmpty());
  EXPECT_THAT(combined.not_measured, SizeIs(1));
}

TEST(Combine, WhatTheMeanDidNotShowIsAReason) {
  Monitored monitored = faithful();
  monitored.deviations = {late()};
  const Fidelity combined = combine({Verdict::faithful, {}, {}}, monitored, 1000);
  EXPECT_EQ(combined.verdict, Verdict::degraded);
  EXPECT_THAT(combined.reasons,
              ElementsAre(std::string("wan-a central->a: 34% of the packets left more than 1ms late; ") + kWhen));
}

TEST(Combine, WhatItDidShowIsSaidOnceWithItsTime) {
  Monitored monitored = faithful();
  monitored.deviations = {late()};
  const std::string known = "wan-a central->a: timers 3ms late (99th percentile; 1ms is the limit)";
  const Fidelity combined = combine({Verdict::degraded, {known}, {}}, monitored, 1000);
  EXPECT_THAT(combined.reasons, ElementsAre(known + "; " + kWhen));
}

TEST(Combine, ABadSecondIsNoReason) {
  Monitored monitored = faithful();
  monitored.deviations = {late()};
  monitored.deviations[0].degrading = false;
  EXPECT_EQ(combine({Verdict::faithful, {}, {}}, monitored, 1000).verdict, Verdict::faithful);
}

// A link that was changed has no mean, but was judged second by second.
TEST(Combine, AChangedLinkIsJudged) {
  Monitored monitored = faithful();
  monitored.judged["wan-a central->a"] = {"rate", "delay"};
  const Fidelity combined =
      combine({Verdict::not_measured,
               {"no shaped link carried traffic that could be measured"},
               {{"wan-a central->a", "rate", lab::LinkScope::wan}, {"wan-a central->a", "loss", lab::LinkScope::wan}}},
              monitored, 1000);
  EXPECT_EQ(combined.verdict, Verdict::faithful);
  EXPECT_THAT(combined.reasons, IsEmpty());
  ASSERT_THAT(combined.not_measured, SizeIs(1));
  EXPECT_EQ(combined.not_measured[0].what, "loss");
}

TEST(ParseMonitored, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(parse_monitored("{}"), WorkError);
  EXPECT_THROW(parse_monitored("no JSON"), WorkError);
}

}  // namespace
}  // namespace geomx::run
