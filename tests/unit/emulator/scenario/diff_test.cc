#include "emulator/scenario/diff.h"

#include <gtest/gtest.h>

#include "emulator/scenario/parse.h"

namespace geomx::scenario {
namespace {

using Lines = std::vector<std::string>;

Scenario base(const std::vector<std::string>& overrides = {}) {
  return parse(R"({"version": 1, "name": "s", "topology": {
      "datacenters": [{"name": "c"}, {"name": "a"}],
      "nodes": [{"name": "r1", "kind": "router"}],
      "links": [{"name": "wan", "ends": ["c", "a"], "rate": "100Mbit", "delay": "30ms"}]},
    "training": {"parties": [{"datacenter": "c", "global_servers": 1}, {"datacenter": "a", "workers": 2}]}})",
               "s.json", overrides);
}

TEST(Diff, NothingBetweenEquals) {
  EXPECT_EQ(diff(base(), base()), Lines{});
}

TEST(Diff, NamesWhatChangedAsSetDoes) {
  EXPECT_EQ(diff(base(), base({"topology.links.wan.rate=10Mbit", "training.parties.a.workers=3", "training.rounds=5"})),
            (Lines{"topology.links.wan.rate: 100Mbit -> 10Mbit", "training.parties.a.workers: 2 -> 3",
                   "training.epochs: removed, 1", "training.rounds: added, 5"}));
  EXPECT_EQ(diff(base(), base({"topology.links.wan.loss=1%", "topology.links.wan.delay=null", "seed=4"})),
            (Lines{"topology.links.wan.delay: removed, 30ms", "topology.links.wan.loss: added, 1%", "seed: added, 4"}));
}

TEST(Diff, OneDirectionOfALink) {
  EXPECT_EQ(diff(base({"topology.links.wan.forward.rate=50Mbit"}), base({"topology.links.wan.forward.rate=20Mbit"})),
            (Lines{"topology.links.wan.forward.rate: 50Mbit -> 20Mbit"}));
  EXPECT_EQ(diff(base(), base({"topology.links.wan.forward.rate=50Mbit"})),
            (Lines{"topology.links.wan.forward.rate: 100Mbit -> 50Mbit"}));
  EXPECT_EQ(diff(base({"topology.links.wan.backward.loss=2%"}), base()),
            (Lines{"topology.links.wan.backward.loss: removed, 2%"}));
}

TEST(Diff, ElementsGoByNameNotByPlace) {
  Scenario after = base();
  after.topology.nodes.insert(after.topology.nodes.begin(), Node{"h1", NodeKind::host, {}});
  EXPECT_EQ(diff(base(), after), (Lines{"topology.nodes.h1: added"}));
  EXPECT_EQ(diff(after, base()), (Lines{"topology.nodes.h1: removed"}));
}

}  // namespace
}  // namespace geomx::scenario
