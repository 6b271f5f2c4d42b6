#include "emulator/scenario/workload.h"

#include <gtest/gtest.h>

namespace geomx::scenario {
namespace {

TEST(Patterns, AStarStandsForAnyLetters) {
  EXPECT_TRUE(matches("a-host-0", "a-host-0"));
  EXPECT_FALSE(matches("a-host-0", "a-host-00"));
  EXPECT_TRUE(matches("*", "r1"));
  EXPECT_TRUE(matches("a-host-*", "a-host-"));
  EXPECT_TRUE(matches("a-host-*", "a-host-17"));
  EXPECT_FALSE(matches("a-host-*", "b-host-17"));
  EXPECT_TRUE(matches("*-host-*", "b-host-17"));
  EXPECT_TRUE(matches("*-1", "a-1-1-1"));  // the last star may have to take more
  EXPECT_FALSE(matches("*-1", "a-1-1-2"));
  EXPECT_TRUE(matches("a**b*", "ab"));
  EXPECT_FALSE(matches("", "a"));
}

TEST(Instances, OnePerCommandAndNode) {
  Scenario scenario;
  scenario.topology.datacenters = {{"a", 2, {}}, {"b", 1, {}}};
  Command one;
  one.node = "a-gateway";
  Command many;
  many.name = "load";
  many.nodes = {"*-host-0", "a-host-*"};
  scenario.workload = {one, many};
  std::vector<std::string> found;
  for (const CommandInstance& instance : instances(scenario)) {
    found.push_back(std::to_string(instance.command) + " " + instance.node + " " + instance.name);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"0 a-gateway ", "1 a-host-0 load@a-host-0", "1 a-host-1 load@a-host-1",
                                             "1 b-host-0 load@b-host-0"}));
}

}  // namespace
}  // namespace geomx::scenario
