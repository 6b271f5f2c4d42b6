#include "emulator/run/link_report.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using control::LinkCounters;
using std::chrono::microseconds;
using std::chrono::milliseconds;

LinkCounters counters(const std::string& link, std::uint64_t packets, std::uint64_t busy_ms, std::uint64_t busy_bytes) {
  LinkCounters entry;
  entry.link = link;
  entry.forward.packets = packets;
  entry.forward.bytes = packets * 1000;
  entry.forward.busy_nanoseconds = busy_ms * 1'000'000;
  entry.forward.busy_bytes = busy_bytes;
  entry.forward.dropped_loss = packets / 100;
  entry.forward.dropped_queue = 3;
  return entry;
}

TEST(LinkReport, CountsBetweenTheTwoReadings) {
  const lab::Plan plan = test::plan_of(test::three_dc());
  auto end = counters("wan-a", 1100, 1000, 12'500'000);
  end.forward.delay_nanoseconds = 30'100'000;
  end.forward.lateness_p99_nanoseconds = 150'000;
  end.forward.overruns = 4;
  const auto reports = report_links(plan, {counters("wan-a", 100, 0, 0)}, {end}, {});
  ASSERT_EQ(reports.size(), 4u);
  EXPECT_EQ(reports[0].direction, "central->a");
  EXPECT_EQ(reports[1].direction, "a->central");
  EXPECT_EQ(reports[0].packets, 1000u);
  EXPECT_EQ(reports[0].bytes, 1'000'000u);
  EXPECT_EQ(reports[0].dropped_queue, 0u);
  EXPECT_EQ(reports[0].dropped_loss, 10u);
  EXPECT_EQ(reports[0].rate->value, 100'000'000u);
  EXPECT_EQ(reports[0].delay, microseconds(30'100));
  EXPECT_EQ(reports[0].lateness, microseconds(150));
  EXPECT_EQ(reports[0].overruns, 4u);
  EXPECT_DOUBLE_EQ(*reports[0].loss, 10.0 / 1010);
  EXPECT_FALSE(reports[1].rate || reports[1].delay || reports[1].loss || reports[1].idle_rtt);
  EXPECT_EQ(total_bytes(reports, lab::LinkScope::wan), 1'000'000u);
  EXPECT_EQ(total_bytes(reports, lab::LinkScope::lan), 0u);
}

TEST(LinkReport, AShortBacklogTellsNoRate) {
  const lab::Plan plan = test::plan_of(test::three_dc());
  EXPECT_FALSE(report_links(plan, {}, {counters("wan-a", 10, 99, 1'000'000)}, {})[0].rate);
  EXPECT_TRUE(report_links(plan, {}, {counters("wan-a", 10, 100, 1'000'000)}, {})[0].rate);
}

TEST(LinkReport, TheRoundTripTellsTheDelayWhereTheShaperDoesNot) {
  const lab::Plan plan = test::plan_of(test::three_dc());
  const Nanoseconds serialisation = 2 * transmission_time(Bytes{98}, BitsPerSecond{100'000'000});
  const auto reports = report_links(plan, {}, {}, {{"wan-b", milliseconds(61) + serialisation}});
  EXPECT_FALSE(reports[0].delay);
  EXPECT_EQ(reports[2].expected_rtt, milliseconds(60) + serialisation);
  EXPECT_EQ(reports[2].delay, microseconds(30'500));
  EXPECT_EQ(reports[3].delay, microseconds(30'500));
}

TEST(LinkReport, LeavesOutHowALanIsMade) {
  lab::Plan plan;
  const auto link = [](const char* from, const char* to) {
    lab::PlannedLink planned;
    planned.name = std::string(from) + "--" + to;
    planned.scope = lab::LinkScope::lan;
    planned.ends[0].node = from;
    planned.ends[1].node = to;
    return planned;
  };
  plan.links = {link("a-gateway", "a-switch"), link("a-worker-0", "a-switch")};
  EXPECT_EQ(report_links(plan, {}, {}, {}).size(), 2u);
  lab::PlannedNode node;
  node.kind = scenario::NodeKind::switch_;
  node.name = "a-switch";
  node.datacenter = "a";
  EXPECT_FALSE(counts(node));
  node.datacenter.clear();
  EXPECT_TRUE(counts(node));
}

}  // namespace
}  // namespace geomx::run
