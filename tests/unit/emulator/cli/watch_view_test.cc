#include "emulator/cli/watch_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/emulator/control/watched_plan.h"

namespace geomx::cli {
namespace {

using control::counters;
using control::kPlan;
using control::LinkRates;
using control::rates;
using control::watched_links;
using ::testing::HasSubstr;
using ::testing::SizeIs;

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
