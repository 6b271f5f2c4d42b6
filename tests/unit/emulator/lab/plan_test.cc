#include "emulator/lab/plan.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "emulator/base/error.h"

namespace geomx::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr shaper::KernelFeatures everything{true, true, true, true, true};

scenario::LinkProperties shaped(std::uint64_t rate, Nanoseconds delay) {
  scenario::LinkProperties properties;
  properties.rate = BitsPerSecond{rate};
  properties.delay = delay;
  return properties;
}

scenario::Link link(const std::string& name, const std::string& a, const std::string& b,
                    const scenario::LinkProperties& both) {
  scenario::Link made;
  made.name = name;
  made.ends[0] = a;
  made.ends[1] = b;
  made.forward = made.backward = both;
  return made;
}

scenario::Datacenter datacenter(const std::string& name, int hosts) {
  scenario::Datacenter made;
  made.name = name;
  made.hosts = hosts;
  return made;
}

scenario::Node node(const std::string& name, scenario::NodeKind kind) {
  return {name, kind, std::nullopt};
}

scenario::Scenario three_datacenters() {
  scenario::Scenario scenario;
  scenario.name = "three";
  scenario.topology.datacenters = {datacenter("central", 1), datacenter("a", 2), datacenter("b", 1)};
  scenario.topology.links = {link("wan-a", "central", "a", shaped(100'000'000, 30ms)),
                             link("wan-b", "central", "b", shaped(50'000'000, 40ms))};
  return scenario;
}

TEST(Plan, LeadsToTheNearestUplinkWhatIsNotOfTheLab) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.datacenters[1].uplink = true;  // of a
  const Plan plan = make_plan(scenario, everything);
  EXPECT_TRUE(plan.reaches_outside());
  ASSERT_TRUE(plan.node("a-gateway").uplink);
  EXPECT_EQ(plan.node("a-gateway").uplink->address.value, 0u);
  const auto leads = [&](const std::string& node) {
    std::vector<std::string> routes;
    for (const PlannedRoute& route : plan.node(node).routes) {
      routes.push_back(fmt::format("{}/{} {}", to_string(route.destination), route.prefix, to_string(route.gateway)));
    }
    return routes;
  };
  // Its own default route is the uplink's, and comes with that one's address.
  EXPECT_THAT(leads("a-gateway"), testing::UnorderedElementsAre("10.1.0.0/16 172.16.0.1", "10.3.0.0/16 172.16.0.1",
                                                                "172.16.0.4/30 172.16.0.1"));
  EXPECT_THAT(leads("central-gateway"),
              testing::UnorderedElementsAre("10.3.0.0/16 172.16.0.6", "0.0.0.0/0 172.16.0.2"));
  EXPECT_THAT(leads("b-gateway"), ElementsAre("0.0.0.0/0 172.16.0.5"));
  EXPECT_THAT(leads("a-host-0"), ElementsAre("0.0.0.0/0 10.2.0.1"));
}

TEST(Plan, KeepsUplinksOfARunningLab) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.datacenters[1].uplink = true;
  Plan running = make_plan(scenario, everything);
  for (PlannedNode& each : running.nodes) {
    if (each.uplink) each.uplink = PlannedUplink{{0xc6120002}, {0xc6120001}, "gx01234567-0"};
  }
  const Plan next = make_plan(scenario, everything, shaper::Choice::auto_, &running);
  EXPECT_EQ(next.node("a-gateway").uplink->host_interface, "gx01234567-0");
  EXPECT_EQ(to_string(next.node("a-gateway").routes.back().gateway), "198.18.0.1");
  scenario.topology.datacenters[1].uplink = false;
  EXPECT_THROW(make_plan(scenario, everything, shaper::Choice::auto_, &running), InputError);
  scenario.topology.datacenters[1].uplink = scenario.topology.datacenters[2].uplink = true;
  EXPECT_THROW(make_plan(scenario, everything, shaper::Choice::auto_, &running), InputError);
}

scenario::Device device(const std::string& name, std::uint32_t address, int prefix) {
  return {name, scenario::Device::Address{address, prefix}};
}
constexpr std::uint32_t outer = 192u << 24 | 2u << 8;  // 192.0.2.0

TEST(Plan, LeadsToTheNetworkBehindARoutersDevice) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.datacenters[1].device = device("eth1", outer + 5, 24);  // of a
  scenario.topology.nodes = {node("r", scenario::NodeKind::router)};
  scenario.topology.links.push_back(link("to-r", "b", "r", shaped(1'000'000, 50ms)));
  scenario.topology.links.push_back(link("round", "r", "a", shaped(1'000'000, 50ms)));
  const Plan plan = make_plan(scenario, everything);
  EXPECT_TRUE(plan.reaches_outside());
  EXPECT_EQ(plan.node("a-gateway").device, (PlannedDevice{"eth1", "nic-eth1", {outer + 5}, 24}));
  const auto way = [&](const std::string& name) {
    std::string found;
    for (const PlannedRoute& route : plan.node(name).routes) {
      if (route.destination.value == outer && route.prefix == 24) found += to_string(route.gateway);
    }
    return found;
  };
  const auto address = [&](const std::string& link_name) {
    const PlannedLink& planned = plan.link(link_name);
    for (const PlannedLink::End& end : planned.ends) {
      if (end.node != "a-gateway") continue;
      for (const PlannedInterface& each : plan.node("a-gateway").interfaces) {
        if (each.name == end.interface) return to_string(each.address);
      }
    }
    return std::string();
  };
  EXPECT_EQ(way("central-gateway"), address("wan-a"));
  EXPECT_EQ(way("r"), address("round"));
  EXPECT_EQ(way("a-gateway"), "") << "the kernel's own";
  EXPECT_THAT(describe(plan), HasSubstr("nic-eth1 192.0.2.5/24 = this machine's eth1"));
}

TEST(Plan, CallsADeviceAsTheMachineDoesUnlessThatIsALabsName) {
  for (const auto& [name, inside] : std::map<std::string, std::string>{{"enp3s0", "enp3s0"},
                                                                       {"eth", "eth"},
                                                                       {"eth0", "nic-eth0"},
                                                                       {"eth17", "nic-eth17"},
                                                                       {"eth1x", "eth1x"},
                                                                       {"br0", "nic-br0"},
                                                                       {"br1", "br1"},
                                                                       {"uplink", "nic-uplink"}}) {
    scenario::Scenario scenario = three_datacenters();
    scenario.topology.nodes = {node("h", scenario::NodeKind::host)};
    scenario.topology.nodes[0].device = scenario::Device{name, std::nullopt};
    EXPECT_EQ(make_plan(scenario, everything).node("h").device, (PlannedDevice{name, inside, {}, 0}));
  }
}

TEST(Plan, RefusesADevicesAddressWithinTheLabsOwn) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.nodes = {node("h", scenario::NodeKind::host)};
  scenario.topology.nodes[0].device = device("eth1", 10u << 24 | 2u << 16 | 77, 24);  // of a's LAN
  try {
    make_plan(scenario, everything);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), "/topology/nodes/0/device/address");
    EXPECT_THAT(error.what(), HasSubstr("10.2.0.77/24 overlaps with a network of the lab"));
  }
  scenario.topology.nodes[0].device = device("eth1", 10u << 24 | 200u << 16 | 77, 24);
  EXPECT_NO_THROW(make_plan(scenario, everything));
}

TEST(Plan, KeepsDevicesOfARunningLab) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.nodes = {node("h", scenario::NodeKind::host)};
  scenario.topology.nodes[0].device = device("eth1", outer + 5, 24);
  const Plan running = make_plan(scenario, everything);
  const auto next = [&] { return make_plan(scenario, everything, shaper::Choice::auto_, &running); };
  EXPECT_EQ(next().node("h").device, running.node("h").device);
  scenario.topology.nodes[0].device = device("eth1", outer + 6, 24);
  EXPECT_THROW(next(), InputError) << "another address";
  scenario.topology.nodes[0].device.reset();
  EXPECT_THROW(next(), InputError) << "none any more";
  scenario.topology.nodes.clear();
  EXPECT_THROW(next(), InputError) << "its node has gone";
  scenario.topology.nodes = {node("h", scenario::NodeKind::host), node("g", scenario::NodeKind::host)};
  scenario.topology.nodes[0].device = device("eth1", outer + 5, 24);
  scenario.topology.nodes[1].device = device("eth2", outer + 6, 24);
  EXPECT_THROW(next(), InputError) << "one more";
}

TEST(Plan, ResolvesWhatChanceDoesAndTheQueuesDiscipline) {
  scenario::Scenario scenario = three_datacenters();
  scenario::LinkProperties asked = shaped(10'000'000, 30ms);
  asked.jitter = 5ms;
  asked.distribution = scenario::Distribution::pareto;
  asked.correlation = Probability{0.25};
  asked.order = scenario::JitterOrder::free;
  asked.gilbert_elliott = scenario::GilbertElliott{{0.01}, {0.2}, {0.001}, {0.9}};
  asked.duplicate = Probability{0.02};
  asked.reorder = Probability{0.03};
  asked.corrupt = Probability{0.04};
  asked.discipline = scenario::Discipline::codel;
  asked.codel_target = 3ms;
  asked.ecn = true;
  scenario.topology.links[0].forward = asked;
  const Plan plan = make_plan(scenario, everything);
  const shaper::Direction& direction = plan.link("wan-a").forward;
  EXPECT_EQ(direction.distribution, shaper::Distribution::pareto);
  EXPECT_EQ(direction.correlation, 0.25);
  EXPECT_FALSE(direction.keeps_order);
  EXPECT_EQ(direction.gilbert_elliott, (shaper::GilbertElliott{0.01, 0.2, 0.001, 0.9}));
  EXPECT_EQ(direction.duplicate, 0.02);
  EXPECT_EQ(direction.reorder, 0.03);
  EXPECT_EQ(direction.corrupt, 0.04);
  EXPECT_EQ(direction.codel, (shaper::CodelSettings{3ms, 100ms, true}));
  EXPECT_EQ(plan.link("wan-a").backward.codel, std::nullopt);
  EXPECT_EQ(plan.link("wan-a").shaper, shaper::Kind::wire);
  const std::string text = describe(plan);
  for (const char* said : {"pareto", "25%", "order free", "gilbert-elliott p 1%", "duplicate 2%", "reorder 3%",
                           "corrupt 4%", "codel target 3ms", "ecn"}) {
    EXPECT_THAT(text, HasSubstr(said));
  }
}

TEST(Plan, AQueueBehindATraceIsSizedByItsMean) {
  scenario::Scenario scenario = three_datacenters();
  scenario::Trace trace;
  trace.content = SharedTrace(RateTrace{.name = "table",
                                        .steps = {{0s, BitsPerSecond{200'000'000}}, {1s, BitsPerSecond{0}}},
                                        .period = 2s,
                                        .loop = true});
  scenario.topology.links[0].forward.rate.reset();
  scenario.topology.links[0].forward.trace = trace;
  const Plan plan = make_plan(scenario, everything);
  EXPECT_EQ(plan.link("wan-a").forward.trace, trace.content);
  EXPECT_EQ(plan.link("wan-a").forward.queue, plan.link("wan-a").backward.queue);  // of 100 Mbit
  EXPECT_THAT(describe(plan), HasSubstr("table of 2 steps, 100Mbit in the mean, looped"));
}

TEST(Plan, AnMtuIsThatOfBothEndsAndOfTheWholeLan) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.links[0].forward.mtu = scenario.topology.links[0].backward.mtu = 9000;
  scenario.topology.datacenters[1].lan.mtu = 1400;
  const Plan plan = make_plan(scenario, everything);
  EXPECT_EQ(plan.link("wan-a").mtu, 9000);
  EXPECT_EQ(plan.link("wan-b").mtu, 1500);
  for (const char* name : {"a-gateway--a-switch", "a-host-0--a-switch"}) EXPECT_EQ(plan.link(name).mtu, 1400);
  EXPECT_EQ(plan.link("b-host-0--b-switch").mtu, 1500);
  EXPECT_THAT(describe(plan), HasSubstr("mtu 9000"));
}

std::vector<std::string> addresses(const PlannedNode& planned) {
  std::vector<std::string> list;
  for (const PlannedInterface& interface : planned.interfaces) {
    list.push_back(interface.name + " " + to_string(interface.address) + "/" + std::to_string(interface.prefix));
  }
  return list;
}

std::vector<std::string> routes(const PlannedNode& planned) {
  std::vector<std::string> list;
  for (const PlannedRoute& route : planned.routes) {
    list.push_back(to_string(route.destination) + "/" + std::to_string(route.prefix) + " via " +
                   to_string(route.gateway));
  }
  return list;
}

TEST(Plan, GivesEachDataCenterAGatewayASwitchAndItsHosts) {
  const Plan plan = make_plan(three_datacenters(), everything);
  std::vector<std::string> names;
  for (const PlannedNode& planned : plan.nodes) names.push_back(planned.name);
  EXPECT_THAT(names, ElementsAre("central-gateway", "central-switch", "central-host-0", "a-gateway", "a-switch",
                                 "a-host-0", "a-host-1", "b-gateway", "b-switch", "b-host-0"));
  EXPECT_EQ(plan.node("a-switch").kind, scenario::NodeKind::switch_);
  EXPECT_EQ(plan.node("a-gateway").kind, scenario::NodeKind::router);
  EXPECT_EQ(plan.link("a-host-1--a-switch").scope, LinkScope::lan);
  EXPECT_EQ(plan.link("wan-a").ends[1].node, "a-gateway");
  EXPECT_EQ(plan.link("wan-a").ends[1].interface, "eth1");
  EXPECT_EQ(plan.link("wan-a").label[1], "a");
}

TEST(Plan, AddressesAndRoutesOfThreeDataCenters) {
  const Plan plan = make_plan(three_datacenters(), everything);
  EXPECT_THAT(addresses(plan.node("central-gateway")),
              ElementsAre("eth0 10.1.0.1/16", "eth1 172.16.0.1/30", "eth2 172.16.0.5/30"));
  EXPECT_THAT(addresses(plan.node("a-gateway")), ElementsAre("eth0 10.2.0.1/16", "eth1 172.16.0.2/30"));
  EXPECT_THAT(addresses(plan.node("a-host-1")), ElementsAre("eth0 10.2.0.3/16"));
  EXPECT_THAT(addresses(plan.node("b-host-0")), ElementsAre("eth0 10.3.0.2/16"));
  EXPECT_EQ(plan.node("a-host-1").interfaces[0].mac, "02:00:0a:02:00:03");
  EXPECT_EQ(to_string(plan.address_of("b-host-0")), "10.3.0.2");

  EXPECT_THAT(routes(plan.node("central-gateway")),
              ElementsAre("10.2.0.0/16 via 172.16.0.2", "10.3.0.0/16 via 172.16.0.6"));
  EXPECT_THAT(routes(plan.node("a-gateway")), ElementsAre("0.0.0.0/0 via 172.16.0.1"));
  EXPECT_THAT(routes(plan.node("a-host-0")), ElementsAre("0.0.0.0/0 via 10.2.0.1"));
  EXPECT_THAT(routes(plan.node("a-switch")), IsEmpty());
  EXPECT_THAT(plan.node("a-host-0").neighbours, SizeIs(2));  // the gateway and the other host
}

TEST(Plan, HostsFileNamesEveryNodeAndTheDataCenters) {
  EXPECT_EQ(make_plan(three_datacenters(), everything).hosts_file,
            "127.0.0.1 localhost\n"
            "10.1.0.1 central-gateway central\n"
            "10.1.0.2 central-host-0\n"
            "10.2.0.1 a-gateway a\n"
            "10.2.0.2 a-host-0\n"
            "10.2.0.3 a-host-1\n"
            "10.3.0.1 b-gateway b\n"
            "10.3.0.2 b-host-0\n");
}

TEST(Plan, AQueueLeftOutIsTheBandwidthDelayProductOfTheLongestPath) {
  const Plan plan = make_plan(three_datacenters(), everything);
  // The longest path through either link goes from a to b and back: 140 ms.
  EXPECT_EQ(plan.link("wan-a").forward.queue, shaper::QueueLimit(shaper::ByteLimit{1'750'000}));
  EXPECT_EQ(plan.link("wan-b").backward.queue, shaper::QueueLimit(shaper::ByteLimit{875'000}));
}

TEST(Plan, AQueueIsNeverShorterThanFiftyMillisecondsOrAHundredFullPackets) {
  scenario::Scenario scenario;
  scenario.name = "pair";
  scenario.topology.nodes = {node("x", scenario::NodeKind::host), node("y", scenario::NodeKind::host)};
  scenario.topology.links = {link("fast", "x", "y", shaped(1'000'000'000, 1ms))};
  EXPECT_EQ(make_plan(scenario, everything).link("fast").forward.queue,
            shaper::QueueLimit(shaper::ByteLimit{6'250'000}));
  scenario.topology.links = {link("slow", "x", "y", shaped(1'000'000, 10ms))};
  EXPECT_EQ(make_plan(scenario, everything).link("slow").forward.queue, shaper::QueueLimit(shaper::ByteLimit{151'400}));
  scenario.topology.links[0].forward.queue = Bytes{4096};
  EXPECT_EQ(make_plan(scenario, everything).link("slow").forward.queue, shaper::QueueLimit(shaper::ByteLimit{4096}));
}

TEST(Plan, LanDelaysCountInTheLongestPath) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.datacenters[1].lan.delay = 5ms;
  const Plan plan = make_plan(scenario, everything);
  // 140 ms and 2 * 5 ms at a's end.
  EXPECT_EQ(plan.link("wan-a").forward.queue, shaper::QueueLimit(shaper::ByteLimit{1'875'000}));
  EXPECT_EQ(plan.link("a-host-0--a-switch").forward.delay, 5ms);
  EXPECT_EQ(plan.link("a-gateway--a-switch").forward.delay, 0ms);
}

TEST(Plan, RoutesFollowTheSmallestDelay) {
  scenario::Scenario scenario;
  scenario.name = "triangle";
  for (const char* name : {"r1", "r2", "r3"}) {
    scenario.topology.nodes.push_back(node(name, scenario::NodeKind::router));
  }
  scenario.topology.nodes.push_back(node("h", scenario::NodeKind::host));
  scenario.topology.links = {link("far", "r1", "r3", shaped(1'000'000, 100ms)),
                             link("near-1", "r1", "r2", shaped(1'000'000, 10ms)),
                             link("near-2", "r2", "r3", shaped(1'000'000, 10ms)), link("last", "r3", "h", {})};
  const Plan plan = make_plan(scenario, everything);
  // r1 reaches h's subnet (172.16.0.12/30) over r2, although r3 is its neighbour.
  EXPECT_THAT(routes(plan.node("r1")), ElementsAre("0.0.0.0/0 via 172.16.0.6"));
  EXPECT_THAT(routes(plan.node("h")), ElementsAre("0.0.0.0/0 via 172.16.0.13"));
}

TEST(Plan, SeedsDifferByLinkAndDirectionAndRepeat) {
  scenario::Scenario scenario = three_datacenters();
  EXPECT_EQ(make_plan(scenario, everything).link("wan-a").forward.seed, std::nullopt);
  scenario.seed = 7;
  scenario.seed_given = true;
  const Plan once = make_plan(scenario, everything);
  const Plan again = make_plan(scenario, everything);
  std::set<std::uint64_t> seeds;
  for (const PlannedLink& planned : once.links) {
    EXPECT_EQ(planned.forward, again.link(planned.name).forward);
    seeds.insert(planned.forward.seed.value());
    seeds.insert(planned.backward.seed.value());
  }
  EXPECT_EQ(seeds.size(), 2 * once.links.size());
  scenario.seed = 8;
  EXPECT_NE(make_plan(scenario, everything).link("wan-a").forward.seed, once.link("wan-a").forward.seed);
}

TEST(Plan, TheShaperIsChosenByWhatTheKernelCanDo) {
  shaper::KernelFeatures no_netem = everything;
  no_netem.netem = no_netem.netem_seed = false;
  // What `auto` prefers is the shaper's business (its own tests); here, that what it says is planned.
  EXPECT_EQ(make_plan(three_datacenters(), everything, shaper::Choice::tc).link("wan-a").shaper, shaper::Kind::tc);
  EXPECT_EQ(make_plan(three_datacenters(), no_netem).link("wan-a").shaper, shaper::Kind::wire);
  EXPECT_EQ(make_plan(three_datacenters(), no_netem).link("a-host-0--a-switch").shaper, shaper::Kind::none);
  try {
    make_plan(three_datacenters(), no_netem, shaper::Choice::tc);
    FAIL() << "a delay without netem was planned as tc";
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), "/topology/links/0");
  }
}

TEST(Plan, ABridgeHasNoMoreThan1023Ports) {
  scenario::Scenario scenario;
  scenario.name = "wide";
  scenario.topology.datacenters = {datacenter("a", 1022)};
  EXPECT_THAT(make_plan(scenario, everything).links, SizeIs(1023));
  scenario.topology.datacenters[0].hosts = 1023;
  try {
    make_plan(scenario, everything);
    FAIL() << "1024 ports on one bridge were planned";
  } catch (const InputError& error) {
    EXPECT_EQ(error.where(), "/topology/datacenters/0");
    EXPECT_THAT(error.what(), HasSubstr("1023"));
  }
}

TEST(Plan, ALoopOfSwitchesIsAnError) {
  scenario::Scenario scenario;
  scenario.name = "loop";
  for (const char* name : {"s1", "s2", "s3"}) {
    scenario.topology.nodes.push_back(node(name, scenario::NodeKind::switch_));
  }
  scenario.topology.links = {link("x", "s1", "s2", {}), link("y", "s2", "s3", {})};
  EXPECT_NO_THROW(make_plan(scenario, everything));
  scenario.topology.links.push_back(link("z", "s3", "s1", {}));
  EXPECT_THROW(make_plan(scenario, everything), InputError);
}

TEST(Plan, HostsOnAFreeSwitchShareASubnet) {
  scenario::Scenario scenario;
  scenario.name = "switched";
  scenario.topology.nodes = {node("h1", scenario::NodeKind::host), node("s1", scenario::NodeKind::switch_),
                             node("s2", scenario::NodeKind::switch_), node("h2", scenario::NodeKind::host)};
  scenario.topology.links = {link("a", "h1", "s1", {}), link("b", "s1", "s2", {}), link("c", "h2", "s2", {})};
  const Plan plan = make_plan(scenario, everything);
  EXPECT_THAT(addresses(plan.node("h1")), ElementsAre("eth0 10.1.0.1/16"));
  EXPECT_THAT(addresses(plan.node("h2")), ElementsAre("eth0 10.1.0.2/16"));
  EXPECT_THAT(routes(plan.node("h1")), IsEmpty());
}

TEST(Plan, AnUnknownNameSuggestsTheNearest) {
  const Plan plan = make_plan(three_datacenters(), everything);
  try {
    plan.node("a-gatevay");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.hint(), HasSubstr("a-gateway"));
  }
}

TEST(Plan, ANameThatADataCenterNeedsIsTaken) {
  scenario::Scenario scenario = three_datacenters();
  scenario.topology.nodes = {node("a-gateway", scenario::NodeKind::router)};
  EXPECT_THROW(make_plan(scenario, everything), InputError);
}

// Walks the planned routes as the kernel would: longest prefix first, hop by hop.
class Walker {
 public:
  explicit Walker(const Plan& plan) : plan_(plan) {
    for (const PlannedNode& each : plan.nodes) {
      for (const PlannedInterface& interface : each.interfaces) owner_[interface.address.value] = &each;
    }
  }

  // The delay from one node to an address, or a reason why it does not arrive.
  std::string walk(const PlannedNode& from, Ipv4 to) const {
    const PlannedNode* at = &from;
    for (std::size_t hop = 0; hop <= plan_.nodes.size(); ++hop) {
      if (owner_.at(to.value) == at) return "";
      if (at != &from && at->kind != scenario::NodeKind::router) return at->name + " does not forward";
      const std::uint32_t next = next_hop(*at, to);
      if (next == 0) return "no route from " + at->name;
      at = owner_.at(next);
    }
    return "a loop";
  }

 private:
  static bool covers(std::uint32_t network, int prefix, Ipv4 to) {
    return prefix == 0 || (network ^ to.value) >> (32 - prefix) == 0;
  }
  static std::uint32_t next_hop(const PlannedNode& at, Ipv4 to) {
    int longest = -1;
    std::uint32_t next = 0;
    for (const PlannedInterface& interface : at.interfaces) {
      if (interface.prefix > longest && covers(interface.address.value, interface.prefix, to)) {
        longest = interface.prefix;
        next = to.value;
      }
    }
    for (const PlannedRoute& route : at.routes) {
      if (route.prefix > longest && covers(route.destination.value, route.prefix, to)) {
        longest = route.prefix;
        next = route.gateway.value;
      }
    }
    return next;
  }

  const Plan& plan_;
  std::map<std::uint32_t, const PlannedNode*> owner_;
};

TEST(Plan, EveryAddressIsReachableFromEveryNodeOfRandomNetworks) {
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same networks in every run
  for (int round = 0; round < 30; ++round) {
    scenario::Scenario scenario;
    scenario.name = "random";
    const int datacenters = 1 + static_cast<int>(random() % 8);
    for (int d = 0; d < datacenters; ++d) {
      scenario.topology.datacenters.push_back(datacenter("d" + std::to_string(d), static_cast<int>(random() % 4)));
    }
    std::vector<std::string> routers;
    for (const auto& each : scenario.topology.datacenters) routers.push_back(each.name);
    for (int r = 0; r < 5; ++r) {
      routers.push_back("r" + std::to_string(r));
      scenario.topology.nodes.push_back(node(routers.back(), scenario::NodeKind::router));
    }
    int number = 0;
    const auto join = [&](const std::string& a, const std::string& b) {
      scenario.topology.links.push_back(
          link("l" + std::to_string(number++), a, b, shaped(10'000'000, std::chrono::milliseconds(random() % 50))));
      scenario.topology.links.back().backward.delay = std::chrono::milliseconds(random() % 50);
    };
    for (std::size_t r = 1; r < routers.size(); ++r) join(routers[r], routers[random() % r]);  // a tree
    for (int extra = 0; extra < 6; ++extra) {
      const std::string& a = routers[random() % routers.size()];
      const std::string& b = routers[random() % routers.size()];
      if (a != b) join(a, b);
    }
    scenario.topology.nodes.push_back(node("h", scenario::NodeKind::host));
    join("h", routers[random() % routers.size()]);
    join(routers[random() % routers.size()], "h");

    const Plan plan = make_plan(scenario, everything);
    const Walker walker(plan);
    for (const PlannedNode& from : plan.nodes) {
      if (from.kind == scenario::NodeKind::switch_) continue;
      for (const PlannedNode& to : plan.nodes) {
        for (const PlannedInterface& interface : to.interfaces) {
          if (interface.prefix == 0) continue;
          ASSERT_EQ(walker.walk(from, interface.address), "")
              << "round " << round << ": " << from.name << " -> " << to.name << ":" << interface.name;
        }
      }
    }
  }
}

TEST(Plan, MoreThan255LansGetSmallerSubnets) {
  scenario::Scenario scenario;
  scenario.name = "ring";
  constexpr int size = 300;
  for (int d = 0; d < size; ++d) scenario.topology.datacenters.push_back(datacenter("d" + std::to_string(d), 1));
  for (int d = 0; d < size; ++d) {
    scenario.topology.links.push_back(
        link("", "d" + std::to_string(d), "d" + std::to_string((d + 1) % size), shaped(10'000'000, 1ms)));
  }
  const Plan plan = make_plan(scenario, everything);
  EXPECT_EQ(plan.nodes.size(), 3u * size);
  EXPECT_EQ(plan.node("d299-host-0").interfaces[0].prefix, 21);  // more than 255 LANs
  const Walker walker(plan);
  EXPECT_EQ(walker.walk(plan.node("d0-host-0"), plan.address_of("d150-host-0")), "");
}

TEST(Plan, DescribesNodesAndLinks) {
  const std::string text = describe(make_plan(three_datacenters(), everything));
  EXPECT_THAT(text, HasSubstr("lab three: 10 nodes, 9 links"));
  EXPECT_THAT(text, HasSubstr("eth0 10.2.0.1/16, eth1 172.16.0.2/30"));
  EXPECT_THAT(text, HasSubstr("central -> a"));
  EXPECT_THAT(text, HasSubstr("100Mbit"));
  EXPECT_THAT(text, HasSubstr("7 unshaped LAN links"));
}

}  // namespace
}  // namespace geomx::lab
