#include "gui/client/feed_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace geomx::gui {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

LinkFeed feed(double time, double bps, const std::string& link = "wan") {
  control::LinkRates rates;
  rates.name = link;
  rates.forward.name = "a->b";
  rates.backward.name = "b->a";
  rates.forward.bps = bps;
  rates.forward.limit_bps = 1000;
  rates.backward.dropped_queue = 3;
  rates.backward.dropped_loss = 2;
  return {time, 0.5, {rates}};
}

TEST(FeedHistory, KeepsTheLatestInTheirOrder) {
  FeedHistory history(3);
  for (const double time : {1.0, 2.0, 3.0, 4.0, 5.0}) history.add(feed(time, 10 * time));
  const LinkSeries series = history.series(QStringLiteral("wan"));
  EXPECT_THAT(series.times, ElementsAre(3, 4, 5));
  EXPECT_THAT(series.ways[0].bps, ElementsAre(30, 40, 50));
  EXPECT_THAT(series.ways[0].limit_bps, ElementsAre(1000, 1000, 1000));
  EXPECT_THAT(series.ways[1].drops, ElementsAre(10, 10, 10)) << "five in half a second";
  EXPECT_TRUE(std::isnan(series.ways[1].limit_bps[0])) << "unlimited";
  EXPECT_TRUE(std::isnan(series.rtt_ms[0])) << "not measured";
  EXPECT_EQ(series.ways[1].direction.toStdString(), "b->a");
}

TEST(FeedHistory, ALinkThatComesOrGoesHasGaps) {
  FeedHistory history(10);
  history.add(feed(1, 10));
  history.add(feed(2, 20, "new"));
  history.add(feed(3, 30));
  const LinkSeries old = history.series(QStringLiteral("wan"));
  EXPECT_THAT(old.times, ElementsAre(1, 2, 3));
  EXPECT_DOUBLE_EQ(old.ways[0].bps[0], 10);
  EXPECT_TRUE(std::isnan(old.ways[0].bps[1]));
  EXPECT_DOUBLE_EQ(old.ways[0].bps[2], 30);
  const LinkSeries young = history.series(QStringLiteral("new"));
  ASSERT_THAT(young.times, SizeIs(3));
  EXPECT_TRUE(std::isnan(young.ways[0].bps[0]));
  EXPECT_DOUBLE_EQ(young.ways[0].bps[1], 20);
  EXPECT_THAT(history.series(QStringLiteral("none")).times, IsEmpty());
  history.clear();
  EXPECT_THAT(history.series(QStringLiteral("wan")).times, IsEmpty());
}

}  // namespace
}  // namespace geomx::gui
