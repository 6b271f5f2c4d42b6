#include "emulator/run/tasks.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using std::chrono::seconds;

std::vector<Task> tasks_of(int workers, unsigned cores) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->parties[1].workers = workers;
  return training_tasks(scenario, test::plan_of(scenario), "geomx-node", cores);
}

TEST(Tasks, WorkersDecideWhenTheRunIsOver) {
  const std::vector<Task> tasks = tasks_of(2, 2);
  ASSERT_EQ(tasks.size(), 12u);
  int mains = 0;
  for (const Task& task : tasks) {
    EXPECT_TRUE(task.metrics);
    mains += task.kind == TaskKind::main ? 1 : 0;
  }
  EXPECT_EQ(mains, 5);  // four workers and the master
}

TEST(Tasks, AWorkerMayDieWhereItsPartyGoesOnWithoutIt) {
  ::unsetenv("GEOMX_ON_WORKER_DEATH");
  ::unsetenv("PS_HEARTBEAT_TIMEOUT");
  std::map<std::string, std::string> parties;
  for (const Task& task : tasks_of(2, 2)) parties[task.name] = task.party;
  EXPECT_FALSE(parties.at("a-worker-0").empty());
  EXPECT_EQ(parties.at("a-worker-0"), parties.at("a-worker-1"));
  EXPECT_NE(parties.at("a-worker-0"), parties.at("b-worker-0"));
  for (const char* needed : {"central-master", "a-server-0", "a-scheduler", "central-global-server-0"}) {
    EXPECT_EQ(parties.at(needed), "") << needed;
  }
  const auto nobody_may = [] {
    for (const Task& task : tasks_of(2, 2)) EXPECT_EQ(task.party, "") << task.name;
  };
  ::setenv("PS_HEARTBEAT_TIMEOUT", "0", 1);
  nobody_may();
  ::setenv("PS_HEARTBEAT_TIMEOUT", "3", 1);
  EXPECT_FALSE(tasks_of(2, 2).back().party.empty());
  ::unsetenv("PS_HEARTBEAT_TIMEOUT");
  const scenario::Scenario scenario = test::three_dc();
  lab::Plan waits = test::plan_of(scenario);
  waits.nodes.front().machine.env["GEOMX_ON_WORKER_DEATH"] = "wait";  // one node is enough
  for (const Task& task : training_tasks(scenario, waits, "geomx-node", 2)) EXPECT_EQ(task.party, "") << task.name;
}

// A dozen roles must not keep a run that lacks one for much longer than geomx-node's own 10 s.
TEST(Tasks, RolesWaitForEachOtherAsLongAsTheyTakeToStart) {
  EXPECT_EQ(join_timeout(12, 2), seconds(10));
  EXPECT_EQ(join_timeout(12, 1), seconds(18));
  EXPECT_GT(join_timeout(50, 2), join_timeout(50, 4));
  EXPECT_GE(join_timeout(1000, 2), seconds(400));
  EXPECT_EQ(join_timeout(5, 0), seconds(10));  // cores unknown
}

TEST(Tasks, LargeJobsSaySoToEveryRole) {
  ::unsetenv("GEOMX_JOIN_TIMEOUT");
  for (const Task& task : tasks_of(2, 2)) EXPECT_FALSE(task.environment.contains("GEOMX_JOIN_TIMEOUT"));
  const std::string wanted = std::to_string(join_timeout(50, 2).count());
  for (const Task& task : tasks_of(40, 2)) EXPECT_EQ(task.environment.at("GEOMX_JOIN_TIMEOUT"), wanted);
  ::setenv("GEOMX_JOIN_TIMEOUT", "3", 1);  // the user's own reaches the roles as it is
  for (const Task& task : tasks_of(40, 2)) EXPECT_FALSE(task.environment.contains("GEOMX_JOIN_TIMEOUT"));
  ::unsetenv("GEOMX_JOIN_TIMEOUT");
}

TEST(Tasks, ASecuredJobHasOnePairForThoseWhoListenAndOneForEachWorker) {
  std::vector<Task> tasks = tasks_of(2, 2);
  int made = 0;
  secure(tasks, [&] {
    ++made;
    return control::KeyPair{"public" + std::to_string(made), "secret" + std::to_string(made)};
  });
  EXPECT_EQ(made, 1 + 5);  // four workers and the master
  std::set<std::string> own;
  for (const Task& task : tasks) {
    const auto& environment = task.environment;
    EXPECT_EQ(environment.at("GEOMX_SECURITY"), "curve");
    EXPECT_EQ(environment.at("GEOMX_CURVE_SERVER_KEY"), "public1");
    const std::string& key = environment.at("GEOMX_CURVE_PUBLIC_KEY");
    EXPECT_EQ(environment.at("GEOMX_CURVE_SECRET_KEY"), "secret" + key.substr(6));
    if (task.kind == TaskKind::main) {
      EXPECT_TRUE(own.insert(key).second) << task.name;
      EXPECT_FALSE(environment.contains("GEOMX_CURVE_ADMITTED_KEYS")) << task.name;
    } else {
      EXPECT_EQ(key, "public1") << task.name;
      EXPECT_EQ(environment.at("GEOMX_CURVE_ADMITTED_KEYS"), "public2,public3,public4,public5,public6") << task.name;
    }
    for (const std::string& word : task.argv) EXPECT_EQ(word.find("secret"), std::string::npos) << word;
  }
  EXPECT_EQ(own.size(), 5U);
}

// Each is to know the others by the one key that listeners have.
TEST(Tasks, WorkersThatListenToEachOtherHaveTheListenersPair) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->flow.tsengine = scenario::TsEngine{.within_parties = true, .between_parties = false, .greed = {}};
  std::vector<Task> tasks = training_tasks(scenario, test::plan_of(scenario), "geomx-node", 2);
  int made = 0;
  secure(tasks, [&] {
    ++made;
    return control::KeyPair{"public" + std::to_string(made), "secret" + std::to_string(made)};
  });
  EXPECT_EQ(made, 1);
  for (const Task& task : tasks) {
    EXPECT_EQ(task.environment.at("GEOMX_CURVE_PUBLIC_KEY"), "public1") << task.name;
    EXPECT_EQ(task.environment.at("GEOMX_CURVE_SERVER_KEY"), "public1") << task.name;
    EXPECT_FALSE(task.environment.contains("GEOMX_CURVE_ADMITTED_KEYS")) << task.name;
  }
}

// A secret of the run, for those who exchange datagrams between parties and nobody else.
TEST(Tasks, DatagramsOfASecuredJobAreSealed) {
  scenario::Scenario scenario = test::three_dc();
  for (const int mode : {0, 1, 2}) {
    if (mode > 0) scenario.training->flow.dgt.emplace().mode = mode;
    std::vector<Task> tasks = training_tasks(scenario, test::plan_of(scenario), "geomx-node", 2);
    seal_datagrams(tasks, "secret");
    std::vector<std::string> sealed;
    for (const Task& task : tasks) {
      if (task.environment.contains("GEOMX_DGT_KEY")) sealed.push_back(task.name);
    }
    const std::vector<std::string> servers{"central-global-server-0", "a-server-0", "b-server-0"};
    EXPECT_EQ(sealed, mode == 1 ? servers : std::vector<std::string>{}) << mode;
  }
}

TEST(Tasks, CheckpointsAreInTheRunFolderOrWhereTheScenarioSays) {
  scenario::Scenario scenario = test::three_dc();
  const auto folder = [&] {
    std::vector<Task> tasks = training_tasks(scenario, test::plan_of(scenario), "geomx-node", 2);
    put_into("/runs/x", tasks);
    std::string told;
    for (const Task& task : tasks) {
      if (task.environment.contains("GEOMX_CHECKPOINT_DIR")) told += task.environment.at("GEOMX_CHECKPOINT_DIR");
      const auto option = std::find(task.argv.begin(), task.argv.end(), "--checkpoint");
      if (option != task.argv.end()) told += " " + *std::next(option);
    }
    return told;
  };
  EXPECT_EQ(folder(), "");
  scenario.training->checkpoint.emplace();
  EXPECT_EQ(folder(), "/runs/x/checkpoints /runs/x/checkpoints");
  scenario.training->checkpoint->dir = "/kept";
  EXPECT_EQ(folder(), "/kept /kept");
}

// Who waits for a node to come back, in the scenario's own time, is not at a standstill.
TEST(Tasks, AStandstillIsLongerThanNodesAreWaitedFor) {
  scenario::Scenario scenario = test::three_dc();
  EXPECT_EQ(usual_stall(scenario), seconds(120));
  scenario.training->faults.rejoin_timeout = seconds(10);
  EXPECT_EQ(usual_stall(scenario), seconds(120));
  scenario.training->faults.rejoin_timeout = seconds(600);
  EXPECT_GT(usual_stall(scenario), seconds(600 + 15));
  // Who sleeps through a step is silent meanwhile.
  scenario.training->faults = {};
  scenario.training->device = "model";
  scenario.training->profile = "cnn";
  EXPECT_EQ(usual_stall(scenario), seconds(120));
  scenario.training->compute_seconds = 50;
  scenario.training->stragglers = {{"a-worker-0", 2}};
  EXPECT_EQ(usual_stall(scenario), seconds(300));
}

TEST(Tasks, TheScenariosOwnTimeToJoinIsKept) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->parties[1].workers = 40;
  scenario.training->faults.join_timeout = seconds(7);
  for (const Task& task : training_tasks(scenario, test::plan_of(scenario), "geomx-node", 2)) {
    EXPECT_EQ(task.environment.at("GEOMX_JOIN_TIMEOUT"), "7");
  }
}

scenario::Command command(const std::string& node, const std::vector<std::string>& argv) {
  scenario::Command command;
  command.node = node;
  command.argv = argv;
  return command;
}

TEST(Tasks, AWorkloadsCommandsKeepTheirTimes) {
  scenario::Scenario scenario;
  scenario.workload = {command("h1", {"ping", "h2"}), command("h2", {"iperf3", "-s"})};
  scenario.workload[0].at = std::chrono::seconds(3);
  scenario.workload[1].background = true;
  const std::vector<Task> tasks = workload_tasks(scenario, "/srv/runs");
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[0].name, "h1: ping");
  EXPECT_EQ(tasks[0].log, "");  // the node's
  EXPECT_EQ(tasks[0].at, std::chrono::seconds(3));
  EXPECT_EQ(tasks[0].directory, "/srv/runs");
  EXPECT_EQ(tasks[1].kind, TaskKind::background);
}

// One task per node; whoever waits for a command waits for all of them.
TEST(Tasks, ACommandInSeveralNodesIsSeveralTasks) {
  scenario::Scenario scenario;
  scenario.topology.datacenters = {{"a", 2, {}}, {"b", 1, {}}};
  scenario.workload = {command("", {"ping", "b-host-0"}), command("b-host-0", {"./check"})};
  scenario.workload[0].name = "ping";
  scenario.workload[0].nodes = {"a-host-*", "a-*-1"};
  scenario.workload[1].name = "check";
  scenario.workload[1].after = {"ping"};
  scenario.workload[1].directory = "tools";
  scenario.workload[1].repeat = 3;
  const std::vector<Task> tasks = workload_tasks(scenario, "/srv/runs");
  ASSERT_EQ(tasks.size(), 3u);
  EXPECT_EQ(tasks[0].name, "a-host-0: ping");
  EXPECT_EQ(tasks[1].log, "ping@a-host-1");
  EXPECT_EQ(tasks[2].log, "check");
  EXPECT_EQ(tasks[2].after, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(tasks[2].directory, "/srv/runs/tools");
  EXPECT_EQ(tasks[2].repeat, 3);
}

}  // namespace
}  // namespace geomx::run
