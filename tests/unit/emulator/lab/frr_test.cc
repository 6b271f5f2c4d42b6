#include "emulator/lab/frr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/base/error.h"
#include "emulator/scenario/parse.h"

namespace geomx::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr shaper::KernelFeatures everything{true, true, true, true, true};

// Two routers on one link, a third beyond a switch, and a host.
Plan plan_with(const std::string& routing, const std::string& more = {}) {
  return make_plan(scenario::parse(R"({"version": 1, "name": "s", "topology": {"routing": ")" + routing + R"(",
                     "nodes": [{"name": "r1", "kind": "router"}, {"name": "r2", "kind": "router"},
                               {"name": "r3", "kind": "router"}, {"name": "s1", "kind": "switch"}, {"name": "h"}],
                     "links": [{"name": "direct", "ends": ["r1", "r2"], "forward": {"delay": "3ms"}, "backward": {"delay": "7ms"}},
                               {"ends": ["r2", "s1"]}, {"ends": ["r3", "s1"]}, {"ends": ["h", "r1"])" +
                                       more + "}]}}",
                                   "s"),
                   everything);
}

TEST(Frr, StaticRoutersHaveNone) {
  const Plan plan = plan_with("static");
  for (const PlannedNode& node : plan.nodes) {
    EXPECT_EQ(node.frr, "") << node.name;
    EXPECT_THAT(node.learned, IsEmpty()) << node.name;
  }
  EXPECT_FALSE(plan.node("r1").routes.empty());
}

TEST(Frr, OspfCostsFollowTheDelayOfEachDirection) {
  const Plan plan = plan_with("ospf");
  EXPECT_THAT(plan.node("r1").frr, HasSubstr("interface eth0\n ip ospf area 0\n ip ospf cost 31\n"));
  EXPECT_THAT(plan.node("r2").frr, HasSubstr("interface eth0\n ip ospf area 0\n ip ospf cost 71\n"));
}

TEST(Frr, OspfSpeaksOnlyWhereAnotherRouterListens) {
  const Plan plan = plan_with("ospf");
  const std::string& r1 = plan.node("r1").frr;
  const std::string host_side = r1.substr(r1.find("interface eth1"));
  EXPECT_THAT(host_side, HasSubstr(" ip ospf passive\n"));
  EXPECT_THAT(r1.substr(0, r1.find("interface eth1")), HasSubstr(" ip ospf network point-to-point\n"));
  // Beyond a switch there may be several.
  const std::string r3 = plan.node("r3").frr;
  EXPECT_THAT(r3, Not(HasSubstr("passive")));
  EXPECT_THAT(r3, Not(HasSubstr("point-to-point")));
}

TEST(Frr, RoutersLearnTheWayToEveryNetworkThatTheyAreNotOn) {
  const Plan plan = plan_with("ospf");
  EXPECT_THAT(plan.node("r1").routes, IsEmpty());
  EXPECT_EQ(plan.node("r1").learned.size(), 1u);  // the switch's
  EXPECT_EQ(plan.node("r3").learned.size(), 2u);
  EXPECT_FALSE(plan.node("h").routes.empty());
  EXPECT_EQ(plan.node("h").frr, "");
}

TEST(Frr, BgpHasEveryRouterOnTheSameNetworkForANeighbour) {
  const Plan plan = plan_with("bgp");
  const auto neighbours = [&](const std::string& router) {
    std::size_t count = 0;
    const std::string& text = plan.node(router).frr;
    for (std::size_t at = 0; (at = text.find(" remote-as ", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(neighbours("r1"), 1u);
  EXPECT_EQ(neighbours("r2"), 2u);
  EXPECT_EQ(neighbours("r3"), 1u);
  EXPECT_THAT(plan.node("r1").frr, HasSubstr("router bgp 4200000000\n"));
  EXPECT_THAT(plan.node("r2").frr,
              HasSubstr(" neighbor " + to_string(plan.node("r1").interfaces[0].address) + " remote-as 4200000000\n"));
}

TEST(Frr, ARunningLabKeepsItsLinksButNotTheirProperties) {
  const Plan running = plan_with("ospf");
  const auto next = [&](const std::string& text) {
    return make_plan(scenario::parse(text, "s"), everything, shaper::Choice::auto_, &running);
  };
  const std::string nodes = R"({"version": 1, "name": "s", "topology": {"routing": "ospf",
    "nodes": [{"name": "r1", "kind": "router"}, {"name": "r2", "kind": "router"},
              {"name": "r3", "kind": "router"}, {"name": "s1", "kind": "switch"}, {"name": "h"}],
    "links": [{"name": "direct", "ends": ["r1", "r2"], "delay": "1ms"}, {"ends": ["r2", "s1"]}, {"ends": ["r3", "s1"]})";
  EXPECT_NO_THROW(next(nodes + R"(, {"ends": ["h", "r1"]}]}})"));
  EXPECT_THROW(next(nodes + "]}}"), InputError);
}

}  // namespace
}  // namespace geomx::lab
