#include "emulator/sweep/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/base/error.h"
#include "emulator/scenario/parse.h"
#include "tests/unit/emulator/sweep/fixture.h"

namespace geomx::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class GridTest : public test::SweepTest {
 protected:
  std::vector<std::string> labels(const std::vector<std::string>& paths) const {
    std::vector<Variation> variations;
    for (const std::string& path : paths) variations.push_back({path, {to_value("1")}});
    std::vector<std::string> found;
    for (const Variation& variation : labelled(variations)) found.push_back(variation.label);
    return found;
  }
};

TEST_F(GridTest, HasEveryCombinationOnce) {
  const Grid made =
      grid({vary("topology.links.*.rate", "10Mbit,20Mbit"), vary("training.sync.name", "fsa,hfa,diloco")});
  std::vector<std::string> points;
  for (const Point& point : made.points) points.push_back(describe(made, point));
  EXPECT_THAT(points, ElementsAre("rate=10Mbit sync=fsa", "rate=10Mbit sync=hfa", "rate=10Mbit sync=diloco",
                                  "rate=20Mbit sync=fsa", "rate=20Mbit sync=hfa", "rate=20Mbit sync=diloco"));
  EXPECT_EQ(made.name, "two");
}

TEST_F(GridTest, WildcardsReachEveryLinkAndEachPointIsAScenario) {
  const Grid made = grid({vary("topology.links.*.rate", "10Mbit,20Mbit")}, {"topology.links.wan-b.delay=9ms"});
  for (std::size_t i = 0; i < made.points.size(); ++i) {
    const scenario::Scenario scenario = scenario::parse(made.points[i].scenario, "point");
    for (const scenario::Link& link : scenario.topology.links) {
      EXPECT_EQ(link.forward.rate->value, (i + 1) * 10'000'000) << link.name;
    }
    EXPECT_EQ(scenario.topology.links[1].forward.delay, std::chrono::milliseconds(9));
    EXPECT_EQ(scenario.seed, 7u);
    EXPECT_TRUE(scenario.seed_given);
  }
}

TEST_F(GridTest, ObjectsAreValuesToo) {
  const Grid made = grid({vary("training.sync", R"({"name":"hfa","k1":4},{"name":"diloco","k2":5})")});
  EXPECT_EQ(describe(made, made.points[1]), "sync={name:diloco,k2:5}");
  EXPECT_EQ(scenario::parse(made.points[1].scenario, "point").training->sync.k2, 5);
}

TEST_F(GridTest, WithoutVariationsThereIsOnePoint) {
  const Grid made = grid({});
  ASSERT_EQ(made.points.size(), 1u);
  EXPECT_EQ(describe(made, made.points[0]), "");
}

TEST_F(GridTest, AVariedSeedIsThePointsOwn) {
  const Grid made = grid({vary("seed", "3,4")});
  EXPECT_EQ(made.points[0].seed, 3u);
  EXPECT_EQ(made.points[1].seed, 4u);
}

TEST_F(GridTest, HeadingsAreTheShortestThatTellPathsApart) {
  EXPECT_THAT(labels({"topology.links.*.rate", "topology.links.*.delay", "training.sync.name", "training.codec.name"}),
              ElementsAre("rate", "delay", "sync", "codec"));
  EXPECT_THAT(labels({"topology.links.wan-a.rate", "topology.links.wan-b.rate"}),
              ElementsAre("wan-a.rate", "wan-b.rate"));
  EXPECT_THAT(labels({"seed"}), ElementsAre("seed"));
  EXPECT_THROW(labels({"seed", "seed"}), InputError);
}

TEST_F(GridTest, WhatIsWrongWithAPointIsSaidBeforeAnythingRuns) {
  try {
    grid({vary("training.sync.name", "fsa,hfaa")});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--set training.sync.name=hfaa: /training/sync/name: \"hfaa\" is not known"));
  }
  EXPECT_THROW(grid({vary("topology.links.wan-c.rate", "1Mbit")}), InputError);
  EXPECT_THROW(grid({vary("seed", "0..9999"), vary("training.batch_size", "1..100")}), InputError) << "a million";
}

}  // namespace
}  // namespace geomx::sweep
