#include "emulator/lab/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/scenario/scenario.h"

namespace geomx::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// So many hosts around one router, each by a wire link of that rate and 50 ms.
Plan star(int hosts, std::uint64_t megabits) {
  scenario::Scenario scenario;
  scenario.name = "star";
  scenario.topology.nodes.push_back({"r1", scenario::NodeKind::router, std::nullopt});
  for (int i = 0; i < hosts; ++i) {
    const std::string name = "h" + std::to_string(i);
    scenario.topology.nodes.push_back({name, scenario::NodeKind::host, std::nullopt});
    scenario::Link link;
    link.name = "l" + std::to_string(i);
    link.ends[0] = name;
    link.ends[1] = "r1";
    link.forward.rate = BitsPerSecond{megabits * 1'000'000};
    link.forward.delay = std::chrono::milliseconds(50);
    link.backward = link.forward;
    scenario.topology.links.push_back(link);
  }
  shaper::KernelFeatures features;
  features.packet_vnet = true;
  return make_plan(scenario, features, shaper::Choice::wire);
}

Machine large() {
  return {16, true, std::uint64_t{64} << 30, 1'000'000, 100'000, 100'000};
}

std::vector<std::string> names(const std::vector<Shortage>& shortages) {
  std::vector<std::string> found;
  for (const Shortage& shortage : shortages) found.push_back(shortage.what);
  return found;
}

TEST(Capacity, ALargeMachineHasEnough) {
  EXPECT_THAT(shortages(star(10, 100), {20, 40}, large()), IsEmpty());
}

TEST(Capacity, ForwardingIsTheSumOfBothDirections) {
  Machine two = large();
  two.cores = 2;
  EXPECT_THAT(shortages(star(20, 500), {}, two), IsEmpty());  // 20 Gbit/s in all
  const std::vector<Shortage> found = shortages(star(21, 500), {}, two);
  ASSERT_THAT(names(found), ElementsAre("forwarding"));
  EXPECT_EQ(found[0].figures, "21 wire links may carry 21Gbit in all, this machine forwards about 20Gbit");
  two.root = false;
  EXPECT_THAT(names(shortages(star(21, 500), {}, two)), ElementsAre("forwarding"));
  Machine one = large();
  one.cores = 1;
  EXPECT_THAT(names(shortages(star(11, 500), {}, one)), ElementsAre("forwarding"));
}

TEST(Capacity, OneLinkIsForwardedByOneCoreOfMany) {
  EXPECT_THAT(shortages(star(3, 10'000), {}, large()), IsEmpty());
  const std::vector<Shortage> found = shortages(star(3, 11'000), {}, large());
  ASSERT_THAT(names(found), ElementsAre("forwarding"));
  EXPECT_THAT(found[0].figures, HasSubstr("may carry 22Gbit both ways, the one thread that carries it forwards about "
                                          "20Gbit"));
}

TEST(Capacity, QueuesAndDelayLinesTakeMemory) {
  // Of each direction: 1 Gbit/s for 50 ms underway, and a queue of one round trip.
  const double megabytes = static_cast<double>(memory_of_queues(star(1, 1000)).value) / 1e6;
  EXPECT_NEAR(megabytes, 2 * 2 * (6.25 + 12.5), 0.5);
  Machine small = large();
  small.free_memory = 50'000'000;
  const std::vector<Shortage> found = shortages(star(1, 1000), {}, small);
  ASSERT_THAT(names(found), ElementsAre("memory"));
  EXPECT_THAT(found[0].figures, HasSubstr("may be needed"));
}

TEST(Capacity, CoresAndLimits) {
  Machine small = large();
  small.cores = 2;
  small.descriptors = 100;
  small.network_namespaces = 10;
  small.processes = 200;
  const std::vector<Shortage> found = shortages(star(10, 10), {9, 30}, small);
  EXPECT_THAT(names(found), ElementsAre("cores", "open files", "network namespaces", "processes"));
  EXPECT_THAT(found[0].figures, HasSubstr("9 processes that compute share 2 cores"));
  EXPECT_THAT(found[2].advice, HasSubstr("user.max_net_namespaces"));
  EXPECT_THAT(shortages(star(10, 10), {8, 8}, {2, true, {}, {}, {}, {}}), IsEmpty());  // what is not known is enough
}

// What parameter servers and the workers that wait for them move keeps cores busy, too.
TEST(Capacity, AnExchangeNeedsCores) {
  Machine two = large();
  two.cores = 2;
  Load load{0, 40};
  const auto asked = [&](double bytes_per_second, double messages_per_second) {
    load.exchange = {bytes_per_second, messages_per_second, 0};
    return shortages(star(3, 10), load, two);
  };
  EXPECT_THAT(asked(150e6, 2200), IsEmpty());  // a hundred workers with the CNN, once a second
  const std::vector<Shortage> tight = asked(1e9, 2200);
  ASSERT_THAT(names(tight), ElementsAre("exchange"));
  EXPECT_THAT(tight[0].figures, HasSubstr("2200 messages and 8Gbit a second between workers and servers would keep "));
  EXPECT_THAT(tight[0].figures, HasSubstr(" cores busy, this machine has 2, and should have some left"));
  EXPECT_THAT(tight[0].advice, HasSubstr("compute_seconds"));
  EXPECT_FALSE(tight[0].hopeless);
  const std::vector<Shortage> hopeless = asked(100e9, 2200);
  ASSERT_THAT(names(hopeless), ElementsAre("exchange"));
  EXPECT_TRUE(hopeless[0].hopeless);
  EXPECT_THAT(names(asked(0, 1e6)), ElementsAre("exchange"));  // small messages cost, too
  EXPECT_THAT(names(shortages(star(3, 10), {}, two)), IsEmpty());
}

TEST(Capacity, ServersOfAModelTakeMemory) {
  Machine small = large();
  small.free_memory = 1'000'000'000;
  Load load{0, 4};
  load.exchange = Load::Exchange{};
  EXPECT_THAT(shortages(star(1, 10), load, small), IsEmpty());
  load.exchange->server_memory = 2'000'000'000;
  EXPECT_THAT(names(shortages(star(1, 10), load, small)), ElementsAre("memory"));
}

TEST(Capacity, ThisMachineIsKnown) {
  const Machine machine = this_machine();
  EXPECT_GT(machine.cores, 0u);
  EXPECT_GT(machine.free_memory.value_or(1), 0u);
}

}  // namespace
}  // namespace geomx::lab
