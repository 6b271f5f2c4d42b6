#include "emulator/scenario/roles.h"

#include <gtest/gtest.h>

#include "emulator/scenario/names.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

Scenario demo(int central_workers) {
  Scenario scenario;
  scenario.topology.datacenters = {{"central", 0, {}}, {"a", 0, {}}, {"b", 2, {}}};
  scenario.topology.nodes = {{"r1", NodeKind::router, {}}, {"s1", NodeKind::switch_, {}}};
  scenario.training.emplace();
  scenario.training->parties = {{"a", 0, 1, 2}, {"central", 1, 1, central_workers}, {"b", 0, 2, 1}};
  return scenario;
}

std::vector<std::string> names(const std::vector<Role>& roles) {
  std::vector<std::string> names;
  for (const Role& role : roles) names.push_back(role.name);
  return names;
}

TEST(Roles, TheDeploymentGuidesProcessesInTheOrderOfTheirStart) {
  Scenario scenario = demo(0);
  scenario.training->parties[2] = {"b", 0, 1, 2};
  const std::vector<Role> roles = roles_of(scenario);
  EXPECT_EQ(roles.size(), 12u);
  EXPECT_EQ(names(roles),
            (std::vector<std::string>{"central-global-scheduler", "a-scheduler", "central-scheduler", "b-scheduler",
                                      "central-global-server-0", "a-server-0", "b-server-0", "central-master",
                                      "a-worker-0", "a-worker-1", "b-worker-0", "b-worker-1"}));
  EXPECT_EQ(roles[7], (Role{"central-master", RoleKind::master_worker, "central", 0, -1}));
  EXPECT_EQ(roles[11], (Role{"b-worker-1", RoleKind::worker, "b", 1, 3}));
}

TEST(Roles, CentralWorkersTrainToo) {
  const std::vector<Role> roles = roles_of(demo(2));
  EXPECT_EQ(names(roles),
            (std::vector<std::string>{"central-global-scheduler", "a-scheduler", "central-scheduler", "b-scheduler",
                                      "central-global-server-0", "a-server-0", "b-server-0", "b-server-1",
                                      "central-master", "central-worker-1", "a-worker-0", "a-worker-1", "b-worker-0"}));
  std::vector<int> slices;
  for (const Role& role : roles) slices.push_back(role.data_slice);
  EXPECT_EQ(slices, (std::vector<int>{-1, -1, -1, -1, -1, -1, -1, -1, 0, 1, 2, 3, 4}));
}

TEST(Roles, ACentralWorkerIsTheMaster) {
  const std::vector<Role> roles = roles_of(demo(1));
  EXPECT_EQ(roles[8], (Role{"central-master", RoleKind::master_worker, "central", 0, 0}));
  EXPECT_EQ(roles.back(), (Role{"b-worker-0", RoleKind::worker, "b", 0, 3}));
  EXPECT_EQ(roles.size(), 12u);
}

TEST(Roles, FlatThereIsOnePartyWithWorkersEverywhere) {
  Scenario scenario = demo(0);
  scenario.training->architecture = "flat";
  const std::vector<Role> roles = roles_of(scenario);
  EXPECT_EQ(names(roles),
            (std::vector<std::string>{"central-global-scheduler", "central-scheduler", "central-global-server-0",
                                      "a-worker-0", "a-worker-1", "b-worker-0"}));
  EXPECT_EQ(roles[3], (Role{"a-worker-0", RoleKind::master_worker, "a", 0, 0}));
  EXPECT_EQ(roles[5], (Role{"b-worker-0", RoleKind::worker, "b", 0, 2}));
}

TEST(Roles, FlatACentralWorkerIsTheMaster) {
  Scenario scenario = demo(1);
  scenario.training->architecture = "flat";
  const std::vector<Role> roles = roles_of(scenario);
  EXPECT_EQ(roles[3], (Role{"central-master", RoleKind::master_worker, "central", 0, 0}));
  EXPECT_EQ(roles[4], (Role{"a-worker-0", RoleKind::worker, "a", 0, 1}));
}

TEST(Roles, NoneWithoutTraining) {
  Scenario scenario = demo(0);
  scenario.training.reset();
  EXPECT_TRUE(roles_of(scenario).empty());
}

TEST(Names, EveryNodeInWhichACommandCanRun) {
  Scenario scenario = demo(0);
  scenario.training.reset();
  EXPECT_EQ(hostnames(scenario),
            (std::vector<std::string>{"central-gateway", "a-gateway", "b-gateway", "b-host-0", "b-host-1", "r1"}));
  EXPECT_EQ(hostnames(demo(0)).size(), 6u + 12u);
}

TEST(Suggest, TheNearestOfWhatIsNear) {
  const std::vector<std::string> known{"rate", "delay", "learning_rate", "datacenters"};
  EXPECT_EQ(nearest("dealy", known), "delay");
  EXPECT_EQ(nearest("learningrate", known), "learning_rate");
  EXPECT_EQ(nearest("data_centres", known), "datacenters");
  EXPECT_EQ(nearest("banana", known), "");
  EXPECT_EQ(nearest("c", {"a", "b"}), "");
  EXPECT_EQ(suggestion("raet", known), "did you mean \"rate\"?");
  EXPECT_EQ(suggestion("c", {"a", "b"}), "known: a, b");
  EXPECT_EQ(key_suggestion("latency", known), "did you mean \"delay\"?");
  EXPECT_EQ(key_suggestion("latency", {"name", "hosts"}), "known: name, hosts");
}

}  // namespace
}  // namespace geomx::scenario
