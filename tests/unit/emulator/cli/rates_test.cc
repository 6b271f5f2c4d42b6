#include "emulator/cli/rates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/cli/watch_view.h"

namespace geomx::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kPlan = R"({"lab": "x", "nodes": [], "links": [
  {"name": "wan", "scope": "wan", "ends": ["a:eth1", "b:eth1"],
   "forward": {"direction": "a->b", "asked": {"rate": "10Mbit"}},
   "backward": {"direction": "b->a", "asked": {"rate": null}}},
  {"name": "h--s", "scope": "lan", "ends": ["h:eth0", "s:eth0"],
   "forward": {"direction": "h->s", "asked": {"rate": null}},
   "backward": {"direction": "s->h", "asked": {"rate": null}}}]})";

control::LinkCounters counters(std::uint64_t packets, std::int64_t delay_ms) {
  control::LinkCounters link{"wan", {}, {}};
  for (control::DirectionCounters* direction : {&link.forward, &link.backward}) {
    direction->packets = packets;
    direction->bytes = packets * 1000;
    direction->delay_nanoseconds = delay_ms < 0 ? -1 : delay_ms * 1'000'000;
  }
  return link;
}

TEST(Rates, AreDifferencesOverTheTimeBetween) {
  control::LinkCounters before = counters(1000, 10);
  control::LinkCounters after = counters(2000, 15);
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

TEST(WatchView, ShowsWanLinksAndSaysWhatItLeavesOut) {
  control::LinkCounters lan = counters(1, -1);
  lan.link = "h--s";
  const std::vector<LinkRates> links =
      rates(watched_links(kPlan), {}, {counters(1250, 10), lan}, 1);  // 10 Mbit in a second
  const std::vector<std::string> lines = watch_table(links, false);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[1], HasSubstr("a->b"));
  EXPECT_THAT(lines[1], HasSubstr(" 10Mbit     10Mbit  100%       1250"));
  EXPECT_THAT(lines[1], HasSubstr("20.0ms"));
  EXPECT_EQ(lines[3], "1 LAN links are not shown: --all");
  EXPECT_THAT(watch_table(links, true), SizeIs(5));
  EXPECT_THAT(watch_table({links[1]}, false), SizeIs(3)) << "where there are no others";
}

TEST(WatchView, ALineIsOneJsonObject) {
  const std::vector<LinkRates> links = rates(watched_links(kPlan), {}, {counters(1250, -1)}, 1);
  const std::string line = watch_line("x", 12.5, 1, links);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["lab"], "x");
  EXPECT_EQ(json["links"][0]["rtt_ms"], nullptr);
  EXPECT_EQ(json["links"][0]["forward"]["limit_bits_per_second"], 10'000'000);
  EXPECT_EQ(json["links"][0]["forward"]["bits_per_second"], 10'000'000);
  EXPECT_EQ(json["links"][0]["backward"]["utilisation"], nullptr);
}

}  // namespace
}  // namespace geomx::cli
