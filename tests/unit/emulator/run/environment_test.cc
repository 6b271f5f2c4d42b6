#include "emulator/run/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using Variables = std::map<std::string, std::string>;

const RoleProcess& find(const std::vector<RoleProcess>& processes, const std::string& name) {
  for (const RoleProcess& process : processes) {
    if (process.role.name == name) return process;
  }
  throw std::runtime_error("no role " + name);
}

std::vector<RoleProcess> demo() {
  const scenario::Scenario scenario = test::three_dc();
  return role_processes(scenario, test::plan_of(scenario), "/bin/geomx-node");
}

// Each expected table is the guide's own listing with the addresses of the plan.
TEST(Environment, GlobalSchedulerAsInTheGuide) {
  EXPECT_EQ(find(demo(), "central-global-scheduler").environment, (Variables{{"DMLC_ROLE_GLOBAL", "global_scheduler"},
                                                                             {"DMLC_PS_GLOBAL_ROOT_URI", "10.0.0.1"},
                                                                             {"DMLC_PS_GLOBAL_ROOT_PORT", "9092"},
                                                                             {"DMLC_NUM_GLOBAL_SERVER", "1"},
                                                                             {"DMLC_NUM_GLOBAL_WORKER", "2"},
                                                                             {"PS_VERBOSE", "1"},
                                                                             {"DMLC_INTERFACE", "eth0"}}));
}

TEST(Environment, CentralPartyAsInTheGuide) {
  const std::vector<RoleProcess> processes = demo();
  const scenario::Scenario scenario = test::three_dc();
  const std::string scheduler = to_string(test::plan_of(scenario).address_of("central-scheduler"));
  EXPECT_EQ(find(processes, "central-scheduler").environment, (Variables{{"DMLC_ROLE", "scheduler"},
                                                                         {"DMLC_PS_ROOT_URI", scheduler},
                                                                         {"DMLC_PS_ROOT_PORT", "9093"},
                                                                         {"DMLC_NUM_SERVER", "1"},
                                                                         {"DMLC_NUM_WORKER", "1"},
                                                                         {"PS_VERBOSE", "1"},
                                                                         {"DMLC_INTERFACE", "eth0"}}));
  EXPECT_EQ(find(processes, "central-global-server-0").environment, (Variables{{"DMLC_ROLE_GLOBAL", "global_server"},
                                                                               {"DMLC_PS_GLOBAL_ROOT_URI", "10.0.0.1"},
                                                                               {"DMLC_PS_GLOBAL_ROOT_PORT", "9092"},
                                                                               {"DMLC_NUM_GLOBAL_SERVER", "1"},
                                                                               {"DMLC_NUM_GLOBAL_WORKER", "2"},
                                                                               {"DMLC_ROLE", "server"},
                                                                               {"DMLC_PS_ROOT_URI", scheduler},
                                                                               {"DMLC_PS_ROOT_PORT", "9093"},
                                                                               {"DMLC_NUM_SERVER", "1"},
                                                                               {"DMLC_NUM_WORKER", "1"},
                                                                               {"DMLC_ENABLE_CENTRAL_WORKER", "0"},
                                                                               {"DMLC_NUM_ALL_WORKER", "4"},
                                                                               {"PS_VERBOSE", "1"},
                                                                               {"DMLC_INTERFACE", "eth0"}}));
  EXPECT_EQ(find(processes, "central-master").environment, (Variables{{"DMLC_ROLE", "worker"},
                                                                      {"DMLC_ROLE_MASTER_WORKER", "1"},
                                                                      {"DMLC_PS_ROOT_URI", scheduler},
                                                                      {"DMLC_PS_ROOT_PORT", "9093"},
                                                                      {"DMLC_NUM_SERVER", "1"},
                                                                      {"DMLC_NUM_WORKER", "1"},
                                                                      {"DMLC_NUM_ALL_WORKER", "4"},
                                                                      {"PS_VERBOSE", "1"},
                                                                      {"DMLC_INTERFACE", "eth0"}}));
}

TEST(Environment, OtherPartiesAsInTheGuide) {
  const std::vector<RoleProcess> processes = demo();
  const std::string scheduler = to_string(test::plan_of(test::three_dc()).address_of("b-scheduler"));
  EXPECT_EQ(find(processes, "b-server-0").environment, (Variables{{"DMLC_PS_GLOBAL_ROOT_URI", "10.0.0.1"},
                                                                  {"DMLC_PS_GLOBAL_ROOT_PORT", "9092"},
                                                                  {"DMLC_NUM_GLOBAL_SERVER", "1"},
                                                                  {"DMLC_NUM_GLOBAL_WORKER", "2"},
                                                                  {"DMLC_ROLE", "server"},
                                                                  {"DMLC_PS_ROOT_URI", scheduler},
                                                                  {"DMLC_PS_ROOT_PORT", "9093"},
                                                                  {"DMLC_NUM_SERVER", "1"},
                                                                  {"DMLC_NUM_WORKER", "2"},
                                                                  {"PS_VERBOSE", "1"},
                                                                  {"DMLC_INTERFACE", "eth0"}}));
  EXPECT_EQ(find(processes, "b-worker-1").environment, (Variables{{"DMLC_ROLE", "worker"},
                                                                  {"DMLC_PS_ROOT_URI", scheduler},
                                                                  {"DMLC_PS_ROOT_PORT", "9093"},
                                                                  {"DMLC_NUM_SERVER", "1"},
                                                                  {"DMLC_NUM_WORKER", "2"},
                                                                  {"DMLC_NUM_ALL_WORKER", "4"},
                                                                  {"PS_VERBOSE", "1"},
                                                                  {"DMLC_INTERFACE", "eth0"}}));
}

TEST(Environment, WorkersThatComputeNothingGetTheirProfile) {
  scenario::Scenario scenario = test::three_dc();
  scenario::Training& training = *scenario.training;
  training.device = "model";
  training.profile = "vgg16";
  training.epochs.reset();
  training.rounds = 10;
  training.compute_seconds = 60;
  training.jitter = 0.1;
  training.stragglers = {{"b-worker-1", 2.5}};
  const std::vector<RoleProcess> processes = role_processes(scenario, test::plan_of(scenario), "/bin/geomx-node");
  // A step of 150 s is longer than a round may otherwise take.
  EXPECT_THAT(find(processes, "b-worker-1").argv,
              ElementsAre("/bin/geomx-node", "--device", "model", "--data-slice-idx", "3", "--profile", "vgg16",
                          "--compute-seconds", "60", "--jitter", "0.1", "--straggler", "2.5", "--batch-size", "32",
                          "--rounds", "10", "--learning-rate", "0.001", "--round-timeout", "3000", "--seed", "7",
                          "--metrics", "/dev/fd/3"));
  EXPECT_THAT(find(processes, "b-worker-0").argv, Not(Contains("--straggler")));
  EXPECT_THAT(find(processes, "central-master").argv, Contains("--profile"));
  EXPECT_THAT(find(processes, "a-server-0").argv, ElementsAre("/bin/geomx-node", "--metrics", "/dev/fd/3"));
}

TEST(Environment, WorkersGetTheirSliceAndTheMasterNone) {
  const std::vector<RoleProcess> processes = demo();
  EXPECT_THAT(find(processes, "b-worker-1").argv,
              ElementsAre("/bin/geomx-node", "--device", "auto", "--data-slice-idx", "3", "--dataset", "fashion-mnist",
                          "--model", "cnn", "--batch-size", "32", "--epoch", "1", "--learning-rate", "0.001", "--seed",
                          "7", "--threads", "1", "--metrics", "/dev/fd/3"));
  EXPECT_THAT(find(processes, "central-master").argv, Not(Contains("--data-slice-idx")));
  EXPECT_THAT(find(processes, "central-master").argv, Contains("--epoch"));
  EXPECT_THAT(find(processes, "a-server-0").argv, ElementsAre("/bin/geomx-node", "--metrics", "/dev/fd/3"));
}

TEST(Environment, EveryTrainingOptionReachesTheWorkers) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->epochs.reset();
  scenario.training->rounds = 20;
  scenario.training->evaluate_every = 5;
  scenario.training->data_dir = "/data/mnist";
  scenario.training->split_by_class = true;
  scenario.training->device = "cuda:1";
  scenario.training->precision = "bf16";
  scenario.training->optimizer = {"sgd", 0.05, 0.9, 0.0001};
  const auto processes = role_processes(scenario, test::plan_of(scenario), "geomx-node");
  EXPECT_THAT(find(processes, "a-worker-0").argv,
              ElementsAre("geomx-node", "--device", "cuda:1", "--data-slice-idx", "0", "--dataset", "fashion-mnist",
                          "--data-dir", "/data/mnist", "--model", "cnn", "--precision", "bf16", "--batch-size", "32",
                          "--rounds", "20", "--eval-every", "5", "--learning-rate", "0.05", "--optimizer", "sgd",
                          "--momentum", "0.9", "--weight-decay", "0.0001", "--split-by-class", "--seed", "7",
                          "--threads", "1", "--metrics", "/dev/fd/3"));
}

TEST(Environment, TheOptimizersSettingsReachTheWorkers) {
  scenario::Scenario scenario = test::three_dc();
  scenario::Optimizer& optimizer = scenario.training->optimizer;
  optimizer = {"sgd", 0.05, 0.9};
  optimizer.nesterov = true;
  optimizer.schedule =
      scenario::Schedule{.name = "cosine", .warmup = 10, .every = {}, .gamma = {}, .total = 200, .floor = 0.001};
  optimizer.clip_norm = 2.5;
  optimizer.clip_value = 0.5;
  const auto options = [&] {
    const auto processes = role_processes(scenario, test::plan_of(scenario), "geomx-node");
    const std::vector<std::string> argv = find(processes, "a-worker-0").argv;
    const auto first = std::find(argv.begin(), argv.end(), "--learning-rate");
    return std::vector<std::string>(first, std::find(first, argv.end(), "--seed"));
  };
  EXPECT_THAT(options(), ElementsAre("--learning-rate", "0.05", "--optimizer", "sgd", "--momentum", "0.9", "--nesterov",
                                     "--schedule", "cosine", "--warmup", "10", "--schedule-total", "200",
                                     "--schedule-floor", "0.001", "--clip-norm", "2.5", "--clip-value", "0.5"));
  optimizer = {"adam", 0.05};
  optimizer.schedule = scenario::Schedule{.name = "step", .every = 30, .gamma = 0.1, .total = {}, .floor = {}};
  EXPECT_THAT(options(), ElementsAre("--learning-rate", "0.05", "--optimizer", "adam", "--schedule", "step",
                                     "--schedule-every", "30", "--schedule-gamma", "0.1"));
}

TEST(Environment, TheWorkerThatEvaluatesKeepsCheckpoints) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->checkpoint.emplace();
  const auto options = [&](const char* worker) {
    const auto processes = role_processes(scenario, test::plan_of(scenario), "geomx-node");
    const std::vector<std::string> argv = find(processes, worker).argv;
    const auto first = std::find(argv.begin(), argv.end(), "--checkpoint");
    return std::vector<std::string>(first, first == argv.end() ? first : std::find(first, argv.end(), "--seed"));
  };
  EXPECT_THAT(options("a-worker-0"), ElementsAre("--checkpoint", "checkpoints", "--checkpoint-every", "10"));
  EXPECT_TRUE(options("a-worker-1").empty());
  EXPECT_TRUE(options("central-master").empty());
  scenario.training->checkpoint = scenario::Checkpoint{.dir = "/kept", .every = 5, .resume = true};
  scenario.training->sync.name = "hfa";  // each has an optimizer of its own
  for (const char* worker : {"a-worker-0", "b-worker-1"}) {
    EXPECT_THAT(options(worker), ElementsAre("--checkpoint", "/kept", "--checkpoint-every", "5", "--resume"));
  }
  EXPECT_TRUE(options("central-master").empty());
}

TEST(Environment, TheDataAndItsSplitReachTheWorkers) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->dataset = "cifar10";
  scenario.training->split = "dirichlet";
  scenario.training->dirichlet_alpha = 0.1;
  scenario.training->context = 64;
  scenario.training->augment = "flip-crop";
  const auto argv = find(role_processes(scenario, test::plan_of(scenario), "geomx-node"), "a-worker-0").argv;
  const auto begin = std::ranges::find(argv, "--learning-rate");
  EXPECT_THAT(
      std::vector<std::string>(begin + 2, begin + 10),
      ElementsAre("--context", "64", "--split", "dirichlet", "--dirichlet-alpha", "0.1", "--augment", "flip-crop"));
}

TEST(Environment, PriorityPropagationReachesEveryRole) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->flow.p3 = true;
  for (const RoleProcess& process : role_processes(scenario, test::plan_of(scenario), "geomx-node")) {
    EXPECT_THAT(process.environment, Contains(std::pair<const std::string, std::string>("ENABLE_P3", "1")));
  }
}

TEST(Environment, CentralWorkersAndSeveralServersAreCounted) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->parties = {{"central", 2, 1, 1}, {"a", 0, 2, 2}, {"b", 0, 1, 3}};
  const auto processes = role_processes(scenario, test::plan_of(scenario), "geomx-node");
  const Variables server = find(processes, "central-global-server-1").environment;
  EXPECT_EQ(server.at("DMLC_ENABLE_CENTRAL_WORKER"), "1");
  EXPECT_EQ(server.at("DMLC_NUM_GLOBAL_SERVER"), "2");
  EXPECT_EQ(server.at("DMLC_NUM_GLOBAL_WORKER"), "3");  // party servers: two in a, one in b
  EXPECT_EQ(server.at("DMLC_NUM_SERVER"), "2");
  EXPECT_EQ(server.at("DMLC_NUM_WORKER"), "1");  // the master, which trains
  EXPECT_EQ(server.at("DMLC_NUM_ALL_WORKER"), "6");
  EXPECT_EQ(find(processes, "b-worker-0").environment.at("DMLC_NUM_WORKER"), "3");
  EXPECT_EQ(find(processes, "a-server-1").environment.at("DMLC_NUM_SERVER"), "2");
}

// The guide: "with the master worker attached to a worker node".
TEST(Environment, TheMasterOfACentralPartyThatTrainsIsItsFirstWorker) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->parties = {{"a", 0, 1, 2}, {"central", 1, 1, 2}};
  const auto processes = role_processes(scenario, test::plan_of(scenario), "geomx-node");
  const RoleProcess& master = find(processes, "central-master");
  EXPECT_EQ(master.environment.at("DMLC_ROLE_MASTER_WORKER"), "1");
  EXPECT_EQ(master.environment.at("DMLC_NUM_WORKER"), "2");
  EXPECT_EQ(master.environment.at("DMLC_NUM_ALL_WORKER"), "4");
  const auto slice_of = [&](const char* name) {
    const std::vector<std::string>& argv = find(processes, name).argv;
    return *(std::find(argv.begin(), argv.end(), "--data-slice-idx") + 1);
  };
  EXPECT_EQ(slice_of("central-master"), "0");
  EXPECT_EQ(slice_of("central-worker-1"), "1");
  EXPECT_EQ(slice_of("a-worker-0"), "2");
  EXPECT_EQ(find(processes, "central-worker-1").environment.count("DMLC_ROLE_MASTER_WORKER"), 0u);
}

TEST(Environment, AnOnlyPartyTrainsWithoutPartyServers) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->parties = {{"central", 1, 1, 3}};
  const auto processes = role_processes(scenario, test::plan_of(scenario), "geomx-node");
  EXPECT_EQ(processes.size(), 6u);
  const Variables server = find(processes, "central-global-server-0").environment;
  EXPECT_EQ(server.at("DMLC_NUM_GLOBAL_WORKER"), "0");
  EXPECT_EQ(server.at("DMLC_NUM_WORKER"), "3");
  EXPECT_EQ(server.at("DMLC_NUM_ALL_WORKER"), "3");
}

TEST(Environment, ClearsWhatWouldConfigureRolesBehindTheScenariosBack) {
  ::setenv("DMLC_ROLE_GLOBAL", "global_server", 1);
  ::setenv("PORT", "80", 1);
  ::setenv("GEOMX_SYNC", "hfa", 1);
  ::setenv("MXNET_KVSTORE_USE_HFA", "1", 1);
  ::setenv("ENABLE_P3", "1", 1);
  ::setenv("GEOMX_REJOIN_TIMEOUT", "30", 1);  // time limits are the user's own
  ::setenv("GEOMX_EMU_TEST_KEPT", "1", 1);
  clear_role_environment();
  for (const char* name : {"DMLC_ROLE_GLOBAL", "PORT", "GEOMX_SYNC", "MXNET_KVSTORE_USE_HFA", "ENABLE_P3"}) {
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  }
  EXPECT_STREQ(std::getenv("GEOMX_EMU_TEST_KEPT"), "1");
  EXPECT_STREQ(std::getenv("GEOMX_REJOIN_TIMEOUT"), "30");
  ::unsetenv("GEOMX_REJOIN_TIMEOUT");
  ::unsetenv("GEOMX_EMU_TEST_KEPT");
}

TEST(Environment, FlatAllWorkersAreTheCentralPartys) {
  scenario::Scenario scenario = test::three_dc();
  scenario.training->architecture = "flat";
  const auto processes = role_processes(scenario, test::plan_of(scenario), "/bin/geomx-node");
  const std::string scheduler = to_string(test::plan_of(scenario).address_of("central-scheduler"));
  EXPECT_EQ(find(processes, "b-worker-1").environment, (Variables{{"DMLC_ROLE", "worker"},
                                                                  {"DMLC_PS_ROOT_URI", scheduler},
                                                                  {"DMLC_PS_ROOT_PORT", "9093"},
                                                                  {"DMLC_NUM_SERVER", "1"},
                                                                  {"DMLC_NUM_WORKER", "4"},
                                                                  {"DMLC_NUM_ALL_WORKER", "4"},
                                                                  {"PS_VERBOSE", "1"},
                                                                  {"DMLC_INTERFACE", "eth0"}}));
  const Variables master = find(processes, "a-worker-0").environment;
  EXPECT_EQ(master.at("DMLC_ROLE_MASTER_WORKER"), "1");
  const Variables server = find(processes, "central-global-server-0").environment;
  EXPECT_EQ(server.at("DMLC_NUM_GLOBAL_WORKER"), "0");
  EXPECT_EQ(server.at("DMLC_NUM_WORKER"), "4");
  EXPECT_EQ(server.at("DMLC_ENABLE_CENTRAL_WORKER"), "1");
}

}  // namespace
}  // namespace geomx::run
