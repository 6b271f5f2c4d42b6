// geomx-node as its users start it, killed and started again: real processes, the guide's environment, loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "tests/e2e/trainer_processes.h"
#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "tests/unit/trainer/loop/guide_roles.h"

namespace geomx::trainer {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string network_failure;  // why these tests cannot run here; empty: they can

class OwnNetwork : public testing::Environment {
 public:
  void SetUp() override { network_failure = enter_own_network(); }
};
const auto* const environment = testing::AddGlobalTestEnvironment(new OwnNetwork);

std::string bytes_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

class TrainerFaults : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_failure.empty()) GTEST_SKIP() << "SKIPPED: no network of one's own: " << network_failure;
    std::filesystem::create_directory(folder_ / "data");
    write_dataset(folder_ / "data", 1600);
  }

  // The twelve processes, whose options and environment say how long, and what is to be done about deaths.
  void start(const std::string& name, const std::string& rounds, const Environment& more) {
    name_ = name;
    more_ = more;
    rounds_ = rounds;
    for (const GuideRole& role : roles_) start(role);
  }
  void start(const GuideRole& role) {
    std::vector<std::string> argv{binary("geomx-node").string()};
    if (role.worker) {
      argv.insert(argv.end(), {"--cpu", "--rounds", rounds_, "--batch-size", "32", "--learning-rate", "0.001",
                               "--data-dir", (folder_ / "data").string()});
      if (role.data_slice >= 0) {
        argv.insert(argv.end(), {"--data-slice-idx", std::to_string(role.data_slice), "--parameters-out",
                                 parameters(role.name).string(), "--metrics", metrics(role.name).string()});
      }
    }
    if (role.worker) argv.insert(argv.end(), options_.begin(), options_.end());
    Environment variables = role.environment;
    variables.insert({{"PS_HEARTBEAT_INTERVAL", "0.2"}, {"PS_HEARTBEAT_TIMEOUT", "1.2"}});
    variables.insert(more_.begin(), more_.end());
    const int life = ++lives_[role.name];
    processes_.erase(role.name);
    processes_.emplace(
        role.name, Process(role.name, argv, variables, folder_ / (name_ + role.name + std::to_string(life) + ".log")));
  }
  const GuideRole& role(const std::string& name) const { return *std::ranges::find(roles_, name, &GuideRole::name); }
  std::filesystem::path parameters(const std::string& role) { return folder_ / (name_ + role + ".parameters"); }
  std::filesystem::path metrics(const std::string& role) { return folder_ / (name_ + role + ".metrics"); }

  void kill(const std::string& name) {
    Process& process = processes_.at(name);
    process.signal(SIGKILL);
    EXPECT_EQ(process.wait(Clock::now() + 5s), 128 + SIGKILL);
  }

  // The last round that a worker has told of.
  long round_of(const std::string& worker) {
    long round = 0;
    std::ifstream in(metrics(worker));
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (!json.is_discarded() && json.value("type", "") == "step") round = std::max(round, json["round"].get<long>());
    }
    return round;
  }
  bool comes_to(const std::string& worker, long round) {
    for (const auto deadline = Clock::now() + 30s; Clock::now() < deadline;) {
      if (round_of(worker) >= round) return true;
      if (processes_.at(worker).wait(Clock::now() + 5ms)) return round_of(worker) >= round;
    }
    return false;
  }
  bool says(const std::string& name, const std::string& words) {
    for (const auto deadline = Clock::now() + 20s; Clock::now() < deadline;) {
      if (!processes_.at(name).lines(words).empty()) return true;
      if (processes_.at(name).wait(Clock::now() + 5ms)) break;
    }
    return !processes_.at(name).lines(words).empty();
  }
  void expect_all_end_well(const std::vector<std::string>& but = {}) {
    for (auto& [name, process] : processes_) {
      if (std::ranges::find(but, name) != but.end()) continue;
      EXPECT_EQ(process.wait(Clock::now() + 60s), 0) << name << ": " << process.output();
    }
  }

  TemporaryFolder folder_;
  std::vector<GuideRole> roles_ = guide_roles(9092);
  std::string name_, rounds_;
  std::vector<std::string> options_;  // of all workers, besides
  Environment more_;
  std::map<std::string, int> lives_;
  std::map<std::string, Process> processes_;
};

TEST_F(TrainerFaults, AServerAboveAllAndOneOfAPartyDieAndNoBitIsDifferent) {
  start("calm", "40", {});
  expect_all_end_well();
  const std::string calm = bytes_of(parameters("a-worker-0"));
  ASSERT_GT(calm.size(), 178'762u * 4);

  start("faulty", "40",
        {{"GEOMX_CHECKPOINT_DIR", (folder_ / "checkpoints").string()}, {"GEOMX_CHECKPOINT_EVERY", "4"}});
  ASSERT_TRUE(comes_to("a-worker-0", 10));
  kill("global-server");
  start(role("global-server"));
  EXPECT_TRUE(comes_to("a-worker-0", 20));
  kill("a-server");
  start(role("a-server"));
  expect_all_end_well();
  for (const char* worker : {"a-worker-0", "a-worker-1", "b-worker-0", "b-worker-1"}) {
    EXPECT_TRUE(bytes_of(parameters(worker)) == calm) << worker;
  }
}

TEST_F(TrainerFaults, APartyGoesOnWithoutAWorkerAndTakesItBack) {
  start("drop", "400", {});
  ASSERT_TRUE(comes_to("b-worker-1", 5));
  kill("b-worker-1");
  ASSERT_TRUE(says("b-server", "its party goes on with 1 of 2 workers"));
  EXPECT_FALSE(processes_.at("b-scheduler").lines(" has been silent for ").empty());
  const long gone_on = round_of("b-worker-0");
  start(role("b-worker-1"));
  EXPECT_TRUE(says("b-server", "takes part again from round "));
  expect_all_end_well();
  EXPECT_GT(gone_on, 0);
  EXPECT_EQ(round_of("b-worker-1"), 400);
  const std::string all = bytes_of(parameters("a-worker-0"));
  for (const char* worker : {"a-worker-1", "b-worker-0", "b-worker-1"}) {
    EXPECT_TRUE(bytes_of(parameters(worker)) == all) << worker;
  }
}

TEST_F(TrainerFaults, AWorkerThatIsAwaitedIsNamed) {
  start("wait", "60", {{"GEOMX_ON_WORKER_DEATH", "wait"}});
  ASSERT_TRUE(comes_to("b-worker-1", 5));
  kill("b-worker-1");
  ASSERT_TRUE(says("b-server", "a round that needs it waits for it to come back"));
  start(role("b-worker-1"));
  expect_all_end_well();
  EXPECT_EQ(round_of("a-worker-0"), 60);
}

TEST_F(TrainerFaults, SchedulersDieAndAreStartedAgain) {
  start("schedulers", "800", {});
  ASSERT_TRUE(comes_to("a-worker-0", 5));
  for (const char* scheduler : {"global-scheduler", "central-scheduler", "a-scheduler", "b-scheduler"}) {
    kill(scheduler);
    start(role(scheduler));
    EXPECT_TRUE(says(scheduler, "the job runs already: ")) << processes_.at(scheduler).output();
  }
  expect_all_end_well();
  EXPECT_EQ(round_of("a-worker-0"), 800);
}

// All of a job is started again, where its global server had come to.
TEST_F(TrainerFaults, AJobGoesOnFromItsCheckpoint) {
  const std::string checkpoints = (folder_ / "checkpoints").string();
  start("calm", "30", {});
  expect_all_end_well();
  const std::string calm = bytes_of(parameters("a-worker-0"));
  start("first", "30", {{"GEOMX_CHECKPOINT_DIR", checkpoints}, {"GEOMX_CHECKPOINT_EVERY", "5"}});
  ASSERT_TRUE(comes_to("a-worker-0", 17));
  processes_.clear();
  start("second", "30", {{"GEOMX_CHECKPOINT_DIR", checkpoints}, {"GEOMX_CHECKPOINT_RESUME", "1"}});
  expect_all_end_well();
  for (const char* worker : {"a-worker-0", "b-worker-1"}) EXPECT_TRUE(bytes_of(parameters(worker)) == calm) << worker;
  long steps = 0;
  std::ifstream in(metrics("a-worker-0"));
  for (std::string line; std::getline(in, line);) steps += line.find("\"step\"") != std::string::npos ? 1 : 0;
  EXPECT_LT(steps, 30);
}

// The same with the workers' own checkpoints, whose model is then evaluated by itself.
TEST_F(TrainerFaults, ATrainingGoesOnFromItsWorkersCheckpoints) {
  const std::string kept = (folder_ / "kept").string();
  const Environment servers{{"GEOMX_CHECKPOINT_DIR", (folder_ / "servers").string()}, {"GEOMX_CHECKPOINT_EVERY", "5"}};
  options_ = {"--schedule", "cosine", "--warmup", "5", "--schedule-total", "30", "--clip-norm", "2"};
  start("calm", "30", {});
  expect_all_end_well();
  const std::string calm = bytes_of(parameters("a-worker-0"));
  options_.insert(options_.end(), {"--checkpoint", kept, "--checkpoint-every", "5"});
  start("first", "30", servers);
  ASSERT_TRUE(comes_to("a-worker-0", 17));
  processes_.clear();  // SIGKILL
  options_.emplace_back("--resume");
  Environment resuming = servers;
  resuming["GEOMX_CHECKPOINT_RESUME"] = "1";
  start("second", "30", resuming);
  expect_all_end_well();
  for (const char* worker : {"a-worker-0", "b-worker-1"}) EXPECT_TRUE(bytes_of(parameters(worker)) == calm) << worker;

  nlohmann::json trained;
  std::ifstream in(metrics("a-worker-0"));
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json["type"] == "evaluation") trained = json;
  }
  const auto evaluate = [&](const std::string& file, const std::vector<std::string>& more) {
    std::vector<std::string> argv{binary("geomx-node").string(), "--evaluate", file};
    argv.insert(argv.end(), more.begin(), more.end());
    Process process("evaluate", argv, {}, folder_ / "evaluate.log");
    const auto status = process.wait(Clock::now() + 30s);
    return std::pair(status.value_or(-1), process.output());
  };
  const std::string data = (folder_ / "data").string();
  const std::string last = kept + "/worker-0-round-30.safetensors";
  const auto [status, line] = evaluate(last, {"--data-dir", data, "--json"});
  ASSERT_EQ(status, 0) << line;
  const auto evaluated = nlohmann::json::parse(line);
  EXPECT_EQ(evaluated["round"], 30);
  EXPECT_EQ(evaluated["test_accuracy"], trained["test_accuracy"]);
  EXPECT_NEAR(evaluated["test_loss"].get<double>(), trained["test_loss"].get<double>(), 1e-9);
  EXPECT_EQ(evaluated["samples"], trained["samples"]);

  const auto expect_refused = [&](const std::string& file, const std::vector<std::string>& more, const char* why) {
    const auto [refused, said] = evaluate(file, more);
    EXPECT_EQ(refused, 2) << said;
    EXPECT_NE(said.find(why), std::string::npos) << said;
    EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  };
  expect_refused(data + "/train-labels-idx1-ubyte.gz", {}, "is no whole safetensors file: ");
  expect_refused(kept + "/absent", {}, "/absent cannot be read: No such file or directory");
  expect_refused(last, {"--data-dir", kept}, kept.c_str());
  expect_refused(last, {"--rounds", "3"}, "--rounds does not go with --evaluate");
}

// Kills and starts again whom chance says, one after the other; all bear it. GEOMX_CHAOS_FAULTS says how many (2),
// GEOMX_CHAOS_SEED whom. No round is lost, since workers are waited for, and all replicas agree at the end.
TEST_F(TrainerFaults, ChaosLosesNoRound) {
  const auto number = [](const char* name, long fallback) {
    const char* value = std::getenv(name);
    return value == nullptr ? fallback : std::atol(value);
  };
  const long faults = number("GEOMX_CHAOS_FAULTS", 2);
  const auto seed = static_cast<std::uint64_t>(number("GEOMX_CHAOS_SEED", 1));
  // After the last fault there is time for all to come back: a scheduler has to be told by one who finds out in time.
  const long rounds = 60 + 8 * faults;
  start("chaos", std::to_string(rounds),
        {{"GEOMX_CHECKPOINT_DIR", (folder_ / "chaos").string()},
         {"GEOMX_CHECKPOINT_EVERY", "3"},
         {"GEOMX_ON_WORKER_DEATH", "wait"}});
  const std::vector<std::string> victims{"global-server", "a-server",    "b-server",    "a-worker-1",      "b-worker-0",
                                         "b-worker-1",    "a-scheduler", "b-scheduler", "global-scheduler"};
  std::mt19937_64 random(seed);
  for (long fault = 1; fault <= faults; ++fault) {
    ASSERT_TRUE(comes_to("a-worker-0", 8 * fault)) << "fault " << fault << ", seed " << seed;
    const std::string& victim = victims[random() % victims.size()];
    SCOPED_TRACE(victim);
    kill(victim);
    start(role(victim));
    if (victim.ends_with("scheduler")) {
      EXPECT_TRUE(says(victim, "the job runs already: ")) << processes_.at(victim).output();
    }
  }
  expect_all_end_well();
  const std::string all = bytes_of(parameters("a-worker-0"));
  EXPECT_GT(all.size(), 178'762u * 4);
  for (const char* worker : {"a-worker-1", "b-worker-0", "b-worker-1"}) {
    EXPECT_TRUE(bytes_of(parameters(worker)) == all) << worker << ", seed " << seed;
    EXPECT_EQ(round_of(worker), rounds) << worker;
  }
  EXPECT_EQ(round_of("a-worker-0"), rounds);
}

}  // namespace
}  // namespace geomx::trainer
