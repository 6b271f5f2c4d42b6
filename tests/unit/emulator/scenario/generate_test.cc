#include "emulator/scenario/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "emulator/base/error.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/wan_maps.h"
#include "emulator/scenario/write.h"

namespace geomx::scenario {
namespace {

using ::testing::SizeIs;

LinkProperties link(int mbit) {
  LinkProperties properties;
  properties.rate = BitsPerSecond{static_cast<std::uint64_t>(mbit) * 1'000'000};
  return properties;
}

int hosts_in(const Scenario& scenario) {
  int hosts = 0;
  for (const Datacenter& datacenter : scenario.topology.datacenters) hosts += datacenter.hosts;
  for (const Node& node : scenario.topology.nodes) hosts += node.kind == NodeKind::host ? 1 : 0;
  return hosts;
}

std::map<std::string, int> degrees(const Scenario& scenario) {
  std::map<std::string, int> count;
  for (const Link& each : scenario.topology.links) {
    ++count[each.ends[0]];
    ++count[each.ends[1]];
  }
  return count;
}

// From the first site or node over links to how many.
std::size_t reached(const Scenario& scenario) {
  const Topology& topology = scenario.topology;
  std::set<std::string> seen{topology.datacenters.empty() ? topology.nodes[0].name : topology.datacenters[0].name};
  for (std::size_t before = 0; before != seen.size();) {
    before = seen.size();
    for (const Link& each : topology.links) {
      if (seen.contains(each.ends[0]) || seen.contains(each.ends[1])) seen.insert({each.ends[0], each.ends[1]});
    }
  }
  return seen.size();
}

// Everything that any recipe makes: valid, connected, with the hosts that were asked for.
void expect_sound(const Scenario& scenario, int hosts) {
  EXPECT_EQ(parse(write(scenario), scenario.name), scenario);
  EXPECT_EQ(hosts_in(scenario), hosts) << scenario.name;
  EXPECT_EQ(reached(scenario), scenario.topology.datacenters.size() + scenario.topology.nodes.size()) << scenario.name;
}

TEST(Generate, SiteNetworksHaveTheirLinks) {
  const Scenario linear = generate_linear({7, 4, link(10)});
  expect_sound(linear, 7);
  EXPECT_THAT(linear.topology.links, SizeIs(3));
  EXPECT_EQ(linear.topology.datacenters[0].hosts, 2);
  EXPECT_EQ(linear.topology.datacenters[3].hosts, 1);
  EXPECT_EQ(linear.topology.links[0].forward, link(10));
  const Scenario ring = generate_ring({5, 0, link(10)});
  expect_sound(ring, 5);
  for (const auto& [name, degree] : degrees(ring)) EXPECT_EQ(degree, 2) << name;
  const Scenario mesh = generate_mesh({6, 0, {}});
  expect_sound(mesh, 6);
  EXPECT_THAT(mesh.topology.links, SizeIs(15));
}

TEST(Generate, AStarHasOneSwitchOfAtMostItsPorts) {
  expect_sound(generate_star(1, {}), 1);
  expect_sound(generate_star(1023, link(1)), 1023);
  EXPECT_THROW(generate_star(1024, {}), InputError);
  EXPECT_THROW(generate_star(0, {}), InputError);
}

TEST(Generate, ATreeHasItsFanout) {
  for (const int hosts : {1, 2, 7, 8, 9, 27}) {
    for (const int fanout : {2, 3, 10}) {
      const Scenario tree = generate_tree(hosts, fanout, {});
      expect_sound(tree, hosts);
      EXPECT_EQ(tree.topology.links.size() + 1, tree.topology.nodes.size()) << "a tree has a link less than nodes";
      for (const auto& [name, degree] : degrees(tree)) EXPECT_LE(degree, name == "r1" ? fanout : fanout + 1) << name;
    }
  }
}

TEST(Generate, AFatTreeIsTheOneOfThePaper) {
  const Scenario full = generate_fat_tree(16, 4, {});
  expect_sound(full, 16);
  EXPECT_THAT(full.topology.nodes, SizeIs(16 + 4 + 8 + 8));  // figure 3: k = 4
  EXPECT_THAT(full.topology.links, SizeIs(3 * 16));
  for (const auto& [name, degree] : degrees(full)) EXPECT_EQ(degree, name[0] == 'h' ? 1 : 4) << name;
  EXPECT_EQ(generate_fat_tree(16, 0, {}), full) << "the smallest with room";
  expect_sound(generate_fat_tree(17, 0, {}), 17);
  EXPECT_THROW(generate_fat_tree(17, 4, {}), InputError);
  EXPECT_THROW(generate_fat_tree(2, 3, {}), InputError);
}

TEST(Generate, AWaxmanGraphIsAFunctionOfItsSeedAndAlwaysConnected) {
  const auto make = [](std::uint64_t seed, double alpha, double beta) {
    return generate_waxman({{30, 0, link(10)}, seed, alpha, beta, 3000});
  };
  EXPECT_EQ(make(7, 0.4, 0.6), make(7, 0.4, 0.6));
  EXPECT_NE(make(7, 0.4, 0.6).topology, make(8, 0.4, 0.6).topology);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) expect_sound(make(seed, 0.1, 0.05), 30);
  EXPECT_GT(make(1, 0.4, 1).topology.links.size(), make(1, 0.4, 0.1).topology.links.size());
  EXPECT_THAT(make(1, 10, 1).topology.links, SizeIs(::testing::Gt(400))) << "nearly all of 435";
  for (const Link& each : make(1, 0.4, 1).topology.links) {
    EXPECT_GE(each.forward.delay.value(), std::chrono::microseconds(10));
    EXPECT_LE(each.forward.delay.value(), std::chrono::microseconds(21'220)) << "the diagonal of 3000 km";
  }
  LinkProperties fixed = link(10);
  fixed.delay = std::chrono::milliseconds(3);
  EXPECT_EQ(generate_waxman({{5, 0, fixed}, 1, 0.4, 0.6, 3000}).topology.links[0].forward, fixed);
  EXPECT_THROW(make(1, 0, 0.5), InputError);
  EXPECT_THROW(make(1, 1, 1.5), InputError);
}

TEST(Generate, RealNetworksAreWhatTheirSourcesSay) {
  const std::map<std::string_view, std::pair<std::size_t, std::size_t>> sizes{
      {"abilene", {11, 14}}, {"b4", {12, 19}}, {"geant", {22, 36}}};
  for (const WanMap& map : wan_maps()) {
    EXPECT_EQ(map.sites.size(), sizes.at(map.name).first) << map.name;
    EXPECT_EQ(map.links.size(), sizes.at(map.name).second) << map.name;
    expect_sound(generate_wan(std::string(map.name), 0, {}), static_cast<int>(map.sites.size()));
    expect_sound(generate_wan(std::string(map.name), 50, link(100)), 50);
  }
  EXPECT_THROW(wan_map("abilen"), InputError);
}

// SNDlib's own lengths of some of GEANT's links, in km.
TEST(Generate, DistancesAreThoseOfTheSource) {
  const WanMap& geant = wan_map("geant");
  const auto distance = [&](std::string_view a, std::string_view b) {
    const auto site = [&](std::string_view name) {
      return *std::find_if(geant.sites.begin(), geant.sites.end(),
                           [&](const WanSite& each) { return each.name == name; });
    };
    return distance_km(site(a), site(b));
  };
  EXPECT_NEAR(distance("vienna", "geneva"), 804, 8);
  EXPECT_NEAR(distance("vienna", "new-york"), 6802, 20);
  EXPECT_NEAR(distance("paris", "london"), 343, 4);
  EXPECT_NEAR(distance("tel-aviv", "amsterdam"), 3296, 15);
  const Scenario scenario = generate_wan("geant", 0, {});
  EXPECT_EQ(scenario.topology.links[0].name, "vienna--geneva");
  EXPECT_NEAR(static_cast<double>(scenario.topology.links[0].forward.delay->count()), 804e6 / 200, 40'000);
}

}  // namespace
}  // namespace geomx::scenario
