#include "emulator/lab/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "emulator/base/error.h"
#include "emulator/lab/plan_diff.h"
#include "emulator/scenario/parse.h"

namespace geomx::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr shaper::KernelFeatures no_netem{true, false, false, true, true};

scenario::Scenario with_events(const std::string& events, const std::string& more = "") {
  return scenario::parse(R"({"version": 1, "name": "play", "topology": {
      "datacenters": [{"name": "a", "hosts": 2}, {"name": "b", "hosts": 1}],
      "links": [{"name": "wan", "ends": ["a", "b"], "rate": "100Mbit"}, {"name": "bare", "ends": ["a", "b"]}]},
      "events": [)" + events +
                             "]" + more + "}",
                         "test");
}

std::vector<std::string> lines(const Plan& plan) {
  std::vector<std::string> lines;
  for (const TimedAction& action : plan.timeline) lines.push_back(geomx::to_string(action.at) + " " + describe(action));
  return lines;
}

std::vector<std::string> timeline(const std::string& events) {
  return lines(make_plan(with_events(events), no_netem));
}

std::string refusal(const std::string& events) {
  try {
    timeline(events);
  } catch (const InputError& error) {
    return error.line();
  }
  return "accepted";
}

TEST(Timeline, IsInTheOrderOfTimeAndThenOfTheFile) {
  EXPECT_THAT(timeline(R"({"at": "3s", "link": "wan", "down": "2s"},
                          {"at": "1s", "node": "a-host-0", "kill": "4s"},
                          {"at": "1s", "link": "wan", "direction": "backward", "set": {"rate": "50Mbit"}})"),
              ElementsAre("1s a-host-0: kill", "1s wan backward: rate=50Mbit", "3s wan: down", "5s a-host-0: restart",
                          "5s wan: up"));
}

TEST(Timeline, WhatLastsForGoodHasNoEnd) {
  EXPECT_THAT(timeline(R"({"at": "1s", "link": "wan", "down": true}, {"at": "2s", "node": "b-host-0", "pause": true})"),
              ElementsAre("1s wan: down", "2s b-host-0: pause"));
}

TEST(Timeline, AFlapIsSeveralTimesDownAndUp) {
  EXPECT_THAT(timeline(R"({"at": "1s", "link": "wan", "flap": {"down": "100ms", "up": "900ms", "times": 2}})"),
              ElementsAre("1s wan: down", "1.1s wan: up", "2s wan: down", "2.1s wan: up"));
}

TEST(Timeline, ARampStartsFromWhatEarlierEventsHaveMadeOfTheLink) {
  EXPECT_THAT(timeline(R"({"at": "2s", "link": "wan", "direction": "forward",
                           "ramp": {"to": {"rate": "20Mbit"}, "over": "1s", "every": "500ms"}},
                          {"at": "1s", "link": "wan", "set": {"rate": "40Mbit"}})"),
              ElementsAre("1s wan: rate=40Mbit", "2.5s wan forward: rate=30Mbit", "3s wan forward: rate=20Mbit"));
  EXPECT_THAT(refusal(R"({"at": "2s", "link": "bare", "ramp": {"to": {"rate": "20Mbit"}, "over": "1s"}})"),
              HasSubstr("/events/0: rate: the link has none to begin with"));
}

TEST(Timeline, AnMtuGrowsWhereTheLinkCanTakeIt) {
  EXPECT_EQ(refusal(R"({"at": "1s", "link": "bare", "set": {"mtu": 9000}})"), "accepted");
  EXPECT_EQ(refusal(R"({"at": "1s", "link": "wan", "set": {"delay": "1ms", "mtu": 1400}})"), "accepted");
  EXPECT_THAT(refusal(R"({"at": "1s", "link": "wan", "set": {"delay": "1ms"}},
                         {"at": "2s", "link": "wan", "set": {"mtu": 1501}})"),
              HasSubstr("/events/1: wan: mtu: a wire made for 1500 cannot grow to 1501"));
  EXPECT_THAT(refusal(R"({"at": "1s", "link": "bare", "direction": "forward", "set": {"mtu": 1400}})"),
              HasSubstr("/events/0: bare: mtu: an MTU of 1400 one way and of 1500 the other"));
  EXPECT_THAT(refusal(R"({"at": "1s", "link": "a-host-0--a-switch", "set": {"mtu": 1400}})"),
              HasSubstr("all ports of a switch have the same MTU"));
}

TEST(Timeline, ATraceTakesTheRatesPlaceAndIsRead) {
  const Plan plan =
      make_plan(with_events(R"({"at": "1s", "link": "wan", "set": {"trace": {"table": [{"at": "0s", "rate": "3Mbit"}],
                                                                  "loop": false}}})"),
                no_netem);
  EXPECT_EQ(plan.link("wan").shaper, shaper::Kind::wire);
  const PlannedLink later = changed(plan.link("wan"), Way::both, plan.timeline.front().patch);
  EXPECT_FALSE(later.forward.rate);
  ASSERT_TRUE(later.forward.trace);
  EXPECT_EQ(later.forward.trace->mean(), BitsPerSecond{3'000'000});
  EXPECT_THROW(with_events(R"({"at": "1s", "link": "wan", "set": {"trace": {"file": "nowhere.trace"}}})"), InputError);
}

TEST(Timeline, RandomIsTheSameForTheSameSeedAndKeepsToItsRanges) {
  const auto random = [](const std::string& seed) {
    return make_plan(with_events(R"({"at": "1s", "link": "*", "random": {"every": "100ms", "over": "20s", "seed": )" +
                                 seed + R"(, "set": {"rate": ["20Mbit", "40Mbit"]}, "down": "50ms"}})"),
                     no_netem);
  };
  const Plan first = random("1");
  EXPECT_EQ(first.timeline, random("1").timeline);
  EXPECT_NE(first.timeline, random("2").timeline);
  std::set<std::string> links;
  std::size_t downs = 0;
  for (const TimedAction& action : first.timeline) {
    EXPECT_GE(action.at, 1s);
    EXPECT_LT(action.at, 21050ms);
    links.insert(action.object);
    if (action.kind == ActionKind::down) ++downs;
    if (action.kind != ActionKind::set) continue;
    const scenario::LinkProperties set = scenario::patched({}, action.patch, "wan");
    EXPECT_GE(set.rate->value, 20'000'000u);
    EXPECT_LE(set.rate->value, 40'000'000u);
  }
  EXPECT_EQ(links, (std::set<std::string>{"bare", "wan"}));
  EXPECT_GT(downs, 60u);  // of 200 draws between two things
  EXPECT_LT(downs, 140u);
}

TEST(Timeline, RefusesWhatCannotHappen) {
  EXPECT_THAT(refusal(R"({"at": "1s", "link": "wan", "set": {"jitter": "5ms"}})"),
              HasSubstr("/events/0: wan: jitter: jitter 5ms is more than the delay"));
  EXPECT_THAT(refusal(R"({"at": "1s", "link": "wan", "flap": {"down": "1ms", "up": "1ms", "times": 100000}},
                         {"at": "1s", "link": "wan", "random": {"every": "1ms", "over": "1000s", "down": "1ms"}})"),
              HasSubstr("/events/1: more than 1000000 moments"));
}

TEST(Timeline, ALinkGetsTheShaperThatCanDoAllThatItIsToBecome) {
  const auto kind = [](const std::string& link, const std::string& events) {
    return make_plan(with_events(events), no_netem).link(link).shaper;
  };
  EXPECT_EQ(kind("wan", ""), shaper::Kind::tc);
  EXPECT_EQ(kind("wan", R"({"at": "1s", "link": "wan", "set": {"rate": "20Mbit"}})"), shaper::Kind::tc);
  EXPECT_EQ(kind("wan", R"({"at": "1s", "link": "wan", "set": {"delay": "20ms"}})"), shaper::Kind::wire);
  EXPECT_EQ(kind("wan", R"({"at": "1s", "link": "wan", "set": {"rate": null}})"), shaper::Kind::wire)
      << "tc would lose what is queued";
  EXPECT_EQ(kind("bare", ""), shaper::Kind::none);
  EXPECT_EQ(kind("bare", R"({"at": "1s", "link": "bare", "down": "1s"})"), shaper::Kind::tc);
  EXPECT_EQ(kind("bare", R"({"at": "1s", "link": "bare", "set": {"loss": "1%"}})"), shaper::Kind::wire);
}

// --- a running lab becomes another one

TEST(PlanForARunningLab, KeepsNamesAndAddressesOfWhatStays) {
  scenario::Scenario scenario = with_events("");
  const Plan before = make_plan(scenario, no_netem);
  scenario.topology.datacenters.insert(scenario.topology.datacenters.begin(), {"first", 1, {}});
  scenario.topology.links.erase(scenario.topology.links.begin());  // "wan"
  scenario::Link link;
  link.name = "new";
  link.ends[0] = "first";
  link.ends[1] = "a";
  scenario.topology.links.insert(scenario.topology.links.begin(), link);
  const Plan after = make_plan(scenario, no_netem, shaper::Choice::auto_, &before);
  for (const char* host : {"a-host-0", "a-host-1", "b-host-0", "a-gateway"}) {
    EXPECT_EQ(to_string(after.address_of(host)), to_string(before.address_of(host))) << host;
  }
  std::set<std::uint32_t> addresses;
  for (const PlannedNode& node : after.nodes) {
    for (const PlannedInterface& interface : node.interfaces) {
      if (interface.prefix == 0) continue;
      EXPECT_TRUE(addresses.insert(interface.address.value).second) << node.name;
    }
  }
  // a-gateway: eth0 on the LAN, eth1 was "wan", eth2 is "bare"; the new link takes the next name, not the freed one.
  EXPECT_EQ(after.link("bare").ends[0].interface, before.link("bare").ends[0].interface);
  EXPECT_EQ(after.link("new").ends[1].interface, "eth3");
}

TEST(PlanForARunningLab, KeepsTheWire) {
  scenario::Scenario scenario = with_events(R"({"at": "1s", "link": "wan", "set": {"delay": "20ms"}})");
  const Plan before = make_plan(scenario, no_netem);
  scenario.events.clear();
  EXPECT_EQ(make_plan(scenario, no_netem, shaper::Choice::auto_, &before).link("wan").shaper, shaper::Kind::wire);
}

TEST(PlanForARunningLab, RefusesToChangeWhatANodeIsOrWhichNetworkItIsOn) {
  const auto with_node = [](const std::string& kind, const std::string& ends) {
    return scenario::parse(R"({"version": 1, "name": "play", "topology": {
      "nodes": [{"name": "x", "kind": ")" +
                               kind + R"("}, {"name": "s", "kind": "switch"}, {"name": "t", "kind": "switch"},
                {"name": "h"}, {"name": "i"}],
      "links": [{"ends": ["s", "x"]}, {"ends": ["s", "h"]}, {"ends": ["t", "i"]})" +
                               ends + "]}}",
                           "test");
  };
  const Plan before = make_plan(with_node("router", ""), no_netem);
  EXPECT_THROW(make_plan(with_node("host", ""), no_netem, shaper::Choice::auto_, &before), InputError);
  EXPECT_THROW(make_plan(with_node("router", R"(, {"ends": ["s", "t"]})"), no_netem, shaper::Choice::auto_, &before),
               InputError);
}

TEST(PlanForARunningLab, SaysWhatChanges) {
  scenario::Scenario scenario = with_events("");
  const Plan before = make_plan(scenario, no_netem);
  EXPECT_THAT(differences(before, make_plan(scenario, no_netem, shaper::Choice::auto_, &before)), IsEmpty());
  scenario.topology.datacenters[0].hosts = 3;
  scenario.topology.datacenters[1].hosts = 0;
  scenario.topology.links[0].forward.rate = BitsPerSecond{20'000'000};
  EXPECT_THAT(differences(before, make_plan(scenario, no_netem, shaper::Choice::auto_, &before)),
              ElementsAre("- link b-host-0--b-switch", "- node b-host-0, and what runs in it",
                          "+ node a-host-2 (host): eth0 10.1.0.4/16",
                          "+ link a-host-2--a-switch: a-host-2:eth0 -- a-switch:eth3, unshaped",
                          HasSubstr("~ link wan a->b: rate 100Mbit")));
}

}  // namespace
}  // namespace geomx::lab
