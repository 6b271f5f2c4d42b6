#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "emulator/scenario/parse.h"

namespace geomx::scenario {
namespace {

constexpr const char* kText = R"({
  "version": 1, "name": "s",
  "topology": {
    "datacenters": [{"name": "c"}, {"name": "a", "hosts": 1}],
    "links": [
      {"name": "wan", "ends": ["c", "a"], "rate": "100Mbit", "loss": "1%",
       "forward": {"rate": "50Mbit", "delay": "5ms"}},
      {"ends": ["a", "c"], "rate": "1Mbit"}
    ]
  },
  "training": {"parties": [{"datacenter": "c", "global_servers": 1}, {"datacenter": "a", "workers": 2}], "epochs": 3}
})";

Scenario with(const std::vector<std::string>& overrides) {
  return parse(kText, "s.json", overrides);
}

std::string complaint(const std::string& override_) {
  try {
    with({override_});
    return "accepted";
  } catch (const ScenarioErrors& errors) {
    return errors.what();
  }
}

constexpr BitsPerSecond operator""_Mbit(unsigned long long value) {
  return {value * 1'000'000};
}

TEST(Set, ByNameByIndexAndByStar) {
  EXPECT_EQ(with({"topology.links.wan.delay=7ms"}).topology.links[0].backward.delay, std::chrono::milliseconds(7));
  EXPECT_EQ(with({"topology.links.a--c.rate=7Mbit"}).topology.links[1].forward.rate, 7_Mbit);
  EXPECT_EQ(with({"topology.links.1.rate=7Mbit"}).topology.links[1].forward.rate, 7_Mbit);
  EXPECT_EQ(with({"training.parties.a.workers=5"}).training->parties[1].workers, 5);
  const Topology all = with({"topology.links.*.rate=7Mbit"}).topology;
  for (const Link& link : all.links) {
    EXPECT_EQ(link.forward.rate, 7_Mbit);
    EXPECT_EQ(link.backward.rate, 7_Mbit);
  }
  EXPECT_EQ(all.links[0].forward.delay, std::chrono::milliseconds(5));
}

TEST(Set, ALinkPropertyReplacesWhatADirectionSaidAboutIt) {
  const Link link = with({"topology.links.wan.rate=10Mbit"}).topology.links[0];
  EXPECT_EQ(link.forward.rate, 10_Mbit);
  EXPECT_EQ(link.backward.rate, 10_Mbit);
  const Link one_way = with({"topology.links.wan.backward.rate=10Mbit"}).topology.links[0];
  EXPECT_EQ(one_way.forward.rate, 50_Mbit);
  EXPECT_EQ(one_way.backward.rate, 10_Mbit);
}

TEST(Set, RoundsAndEpochsReplaceEachOther) {
  const Training rounds = *with({"training.rounds=20"}).training;
  EXPECT_EQ(rounds.rounds, 20);
  EXPECT_EQ(rounds.epochs, std::nullopt);
  const Training epochs = *with({"training.rounds=20", "training.epochs=2"}).training;
  EXPECT_EQ(epochs.rounds, std::nullopt);
  EXPECT_EQ(epochs.epochs, 2);
}

TEST(Set, MakesWhatIsMissingOnTheWay) {
  EXPECT_EQ(with({"topology.datacenters.a.lan.rate=1Gbit"}).topology.datacenters[1].lan.rate, 1000_Mbit);
  EXPECT_EQ(with({"training.optimizer.name=sgd"}).training->optimizer.name, "sgd");
  EXPECT_EQ(with({"training.dataset=mnist"}).training->dataset, "mnist");
  const Scenario seeded = with({"seed=18446744073709551615"});
  EXPECT_TRUE(seeded.seed_given);
  EXPECT_EQ(seeded.seed, 18446744073709551615u);
}

TEST(Set, TakesJsonAndWhatIsNoneAsAString) {
  EXPECT_EQ(with({R"(topology.links.wan.forward={"delay": "9ms"})"}).topology.links[0].forward.rate, 100_Mbit);
  EXPECT_EQ(with({R"(description="quoted")"}).description, "quoted");
  EXPECT_EQ(with({"description=a = b"}).description, "a = b");
  EXPECT_EQ(with({R"(expect=[{"metric": "training.rounds", "min": 1}])"}).expect.size(), 1u);
}

TEST(Set, NullRemoves) {
  EXPECT_EQ(with({"topology.links.wan.loss=null"}).topology.links[0].forward.loss, std::nullopt);
  EXPECT_EQ(with({"training=null"}).training, std::nullopt);
  EXPECT_EQ(complaint("topology.links.wan.queue=null"),
            "--set topology.links.wan.queue=null: there is no topology.links.wan.queue to remove");
  EXPECT_EQ(complaint("topology.links.wan=null"),
            "--set topology.links.wan=null: null removes keys, not elements of a list");
}

TEST(Set, SaysWhatDidNotMatch) {
  EXPECT_EQ(complaint("training.epochs"),
            "--set training.epochs: not of the form PATH=VALUE (for example topology.links.*.rate=10Mbit)");
  EXPECT_EQ(complaint("description=\x87"), "--set description=\x87: not UTF-8 text (a scenario file is UTF-8)");
  EXPECT_EQ(complaint("training..epochs=1"),
            "--set training..epochs=1: the path has an empty part (for example training.epochs=2)");
  EXPECT_EQ(complaint("topology.links.wann.rate=1Mbit"),
            "--set topology.links.wann.rate=1Mbit: topology.links has no \"wann\" (did you mean \"wan\"?)");
  EXPECT_EQ(complaint("topology.links.7.rate=1Mbit"),
            "--set topology.links.7.rate=1Mbit: topology.links has no \"7\" (known: wan, a--c)");
  EXPECT_EQ(complaint("topology.nodes.*.kind=host"),
            "--set topology.nodes.*.kind=host: there is no topology.nodes (write the list in the file)");
  EXPECT_EQ(complaint("training.*=1"), "--set training.*=1: training is not a list");
  EXPECT_EQ(complaint("training.epochs.x=1"), "--set training.epochs.x=1: training.epochs is a number, not an object");
  EXPECT_EQ(complaint(R"(training.optimizer={"name": "sgd", "name": "adam"})"),
            R"(--set training.optimizer={"name": "sgd", "name": "adam"}: "name" is here twice)");
}

TEST(Set, WhatItSetIsJudgedAndBlamed) {
  EXPECT_EQ(complaint("topology.links.wan.rate=100"),
            "--set topology.links.wan.rate=100: /topology/links/0/rate: rate \"100\" has no unit (write it as "
            "\"100Mbit\")");
  EXPECT_EQ(complaint("training.epoch=3"),
            "--set training.epoch=3: /training/epoch: unknown key \"epoch\" in training (did you mean \"epochs\"?)");
  EXPECT_EQ(complaint("trainng.epochs=3"),
            "--set trainng.epochs=3: /trainng: unknown key \"trainng\" in scenario (did you mean \"training\"?)");
  EXPECT_EQ(complaint("topology.links.wan.ends=[\"c\", \"x\"]"),
            "--set topology.links.wan.ends=[\"c\", \"x\"]: /topology/links/0/ends/1: there is no data center or node "
            "\"x\" (known: c, a)");
  EXPECT_EQ(complaint("name=null"), "s.json:1:1: \"name\" is missing (what a lab of it is called)");
}

TEST(Set, OneThatFailsHalfWayChangesNothing) {
  try {
    parse(R"({"version": 1, "name": "x"})", "s.json", {"topology.links.*.rate=1Mbit"});
    FAIL();
  } catch (const ScenarioErrors& errors) {
    EXPECT_EQ(errors.errors().size(), 2u) << errors.what();
    EXPECT_THAT(errors.what(), testing::HasSubstr("there is no topology.links"));
    EXPECT_THAT(errors.what(), testing::HasSubstr("s.json:1:1: \"topology\" is missing"));
  }
}

TEST(Set, ReportsEveryBadOverrideAtOnce) {
  try {
    with({"a.b=1", "training.epochs=0", "topology.links.x.rate=1"});
    FAIL();
  } catch (const ScenarioErrors& errors) {
    EXPECT_EQ(errors.errors().size(), 3u) << errors.what();
  }
}

}  // namespace
}  // namespace geomx::scenario
