#include "emulator/run/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace geomx::run {
namespace {

using testing::HasSubstr;
using testing::Not;

Round round_of(double gather, double compute, double push, double wait, double pull) {
  Round round;
  round.gather_ms = gather;
  round.compute_ms = compute;
  round.push_ms = push;
  round.wait_ms = wait;
  round.pull_ms = pull;
  return round;
}

TEST(Timeline, MeansOverTheRoundsOfEachNode) {
  Timeline timeline;
  timeline.add("b", round_of(0, 10, 20, 30, 40));
  timeline.add("b", round_of(0, 20, 30, 40, 50));
  timeline.add("a", round_of(5, 0, 0, 0, 0));
  const std::vector<NodeTimes> means = timeline.means();
  ASSERT_EQ(means.size(), 2u);
  EXPECT_EQ(means[0].node, "a");
  EXPECT_EQ(means[0].rounds, 1);
  EXPECT_EQ(means[0].gather_ms, 5);
  EXPECT_EQ(means[1].node, "b");
  EXPECT_EQ(means[1].rounds, 2);
  EXPECT_EQ(means[1].compute_ms, 15);
  EXPECT_EQ(means[1].push_ms, 25);
  EXPECT_EQ(means[1].wait_ms, 35);
  EXPECT_EQ(means[1].pull_ms, 45);
  EXPECT_EQ(means[1].round_ms(), 120);
}

TEST(Timeline, ATableWithSharesAndBars) {
  Timeline timeline;
  timeline.add("a-worker-0", round_of(0, 10, 50, 10, 30));
  timeline.add("a-server-0", round_of(60, 0, 0, 40, 0));
  const std::string text = timeline_table(timeline.means());
  EXPECT_EQ(text,
            "  node         ms/round        gather .       compute #          push >          wait -          pull <\n"
            "  a-server-0      100.0     60.0 (60 %)               -               -     40.0 (40 %)               -"
            "  ..................------------\n"
            "  a-worker-0      100.0               -     10.0 (10 %)     50.0 (50 %)     10.0 (10 %)     30.0 (30 %)"
            "  ###>>>>>>>>>>>>>>>---<<<<<<<<<\n");
  EXPECT_EQ(timeline_table({}), "");
}

TEST(Timeline, ARoundThatTookNoTime) {
  Timeline timeline;
  timeline.add("a", round_of(0, 0, 0, 0, 0));
  EXPECT_THAT(timeline_table(timeline.means()), HasSubstr("0.0"));
  EXPECT_THAT(timeline_table(timeline.means()), Not(HasSubstr("nan")));
}

TEST(Timeline, NonsenseIsShownAsItIs) {
  Timeline timeline;
  timeline.add("a", round_of(-5, 10, 1e308, 1e308, 1));
  timeline.add("b", round_of(-5, 10, 0, 0, 0));
  timeline.add("c", round_of(10, -30, 0, 0, 0));
  EXPECT_THAT(timeline_table(timeline.means()), HasSubstr("\n  c "));
}

TEST(Timeline, ManyNodesFillOneScreen) {
  Timeline timeline;
  for (int i = 0; i < 30; ++i) timeline.add("node-" + std::to_string(i), round_of(0, 1, 1, 1, 1));
  EXPECT_THAT(timeline_table(timeline.means()), HasSubstr("and 6 more, in summary.json"));
}

}  // namespace
}  // namespace geomx::run
