#include "emulator/control/rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/base/error.h"
#include "tests/unit/emulator/control/watched_plan.h"

namespace geomx::control {
namespace {

using ::testing::SizeIs;

TEST(Rates, AreDifferencesOverTheTimeBetween) {
  LinkCounters before = counters(1000, 10);
  LinkCounters after = counters(2000, 15);
  before.forward.dropped_loss = 5;
  after.forward.dropped_loss = 7;
  after.forward.dropped_queue = 1;
  after.forward.backlog_bytes = 12'500;
  const std::vector<LinkRates> found = rates(watched_links(kPlan), {before}, {after}, 2.0);
  ASSERT_THAT(found, SizeIs(1)) << "the LAN link has no counters";
  const DirectionRates& forward = found[0].forward;
  EXPECT_DOUBLE_EQ(forward.bps, 4'000'000);
  EXPECT_DOUBLE_EQ(forward.utilisation.value(), 0.4);
  EXPECT_DOUBLE_EQ(forward.packets_per_second, 500);
  EXPECT_EQ(forward.drops(), 3u);
  EXPECT_DOUBLE_EQ(forward.queue_ms.value(), 10);
  // 1000 packets of 10 ms, then 2000 of 15 ms on average: the second thousand took 20 ms each.
  EXPECT_NEAR(forward.delay_ms.value(), 20, 1e-9);
  EXPECT_FALSE(found[0].backward.utilisation) << "no limit, no share of it";
  EXPECT_NEAR(found[0].rtt_ms.value(), 20 + 20 + 10, 1e-9);
}

TEST(Rates, WithoutAMeasurementThereIsNoRtt) {
  const auto links = watched_links(kPlan);
  EXPECT_FALSE(rates(links, {counters(0, -1)}, {counters(9, -1)}, 1)[0].rtt_ms);
  EXPECT_NEAR(rates(links, {counters(9, 7)}, {counters(9, 7)}, 1)[0].rtt_ms.value(), 14, 1e-9)
      << "nothing passed since: what was measured before";
}

TEST(Rates, ALinkThatIsNewOrMadeAnewCountsFromZero) {
  const auto links = watched_links(kPlan);
  EXPECT_DOUBLE_EQ(rates(links, {}, {counters(10, 1)}, 1)[0].forward.bps, 80'000);
  EXPECT_DOUBLE_EQ(rates(links, {counters(500, 1)}, {counters(10, 1)}, 1)[0].forward.bps, 80'000);
}

TEST(Rates, APlanThatIsNoneIsAWorkError) {
  EXPECT_THROW(watched_links("{"), WorkError);
  EXPECT_THROW(watched_links(R"({"links": [{"name": 3}]})"), WorkError);
}

}  // namespace
}  // namespace geomx::control
