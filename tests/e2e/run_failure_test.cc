#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/e2e/emu.h"

// What goes wrong in a run is said in one clear line, soon, and leaves a folder that says so too.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr seconds kSoon(15);

class RunFailure : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(GetParam());
    if (!missing.empty()) GTEST_SKIP() << missing;
  }

  Invocation run(const std::vector<std::string>& more) const {
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string(), "run", source("scenarios/three-dc.json").string(), "--out", "out"};
    invocation.argv.insert(invocation.argv.end(), more.begin(), more.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}};
    invocation.unprivileged = GetParam();
    return invocation;
  }
  // One that trains until it is ended.
  Invocation endless() const { return run({"--set", "training.rounds=1000000"}); }

  static void wait_for_first_round(const Command& command) {
    ASSERT_TRUE(eventually(seconds(60), [&] { return command.err().find("/1000000 rounds") != std::string::npos; }))
        << command.err();
  }
  static std::vector<ProcessInfo> tree_with(const Command& command, const std::string& argument) {
    std::vector<ProcessInfo> tree = process_tree(command.pid());
    std::erase_if(tree,
                  [&](const ProcessInfo& process) { return process.command.find(argument) == std::string::npos; });
    return tree;
  }
  json summary() const { return read_json(scratch_.path() / "out" / "summary.json"); }
  // The lines of standard error that are errors.
  static std::vector<std::string> errors(const Command& command) {
    std::vector<std::string> lines;
    std::istringstream text(command.err());
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("geomx-emu:")) lines.push_back(line);
    }
    return lines;
  }

  Scratch scratch_;
};

TEST_P(RunFailure, AWrongDataFolderIsNamed) {
  Command command(run({"--set", "training.data_dir=/nonexistent/data"}));
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  ASSERT_EQ(errors(command).size(), 1u) << command.err();
  EXPECT_THAT(errors(command)[0], HasSubstr("exited with code"));
  EXPECT_THAT(errors(command)[0], HasSubstr("/nonexistent/data"));
  EXPECT_EQ(summary()["status"], "failed");
  EXPECT_THAT(summary()["error"].get<std::string>(), HasSubstr("/nonexistent/data"));
}

TEST_P(RunFailure, ATruncatedDataSetIsNamed) {
  const fs::path data = scratch_.path() / "data";
  fs::create_directory(data);
  for (const char* name :
       {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    std::ofstream file(data / name, std::ios::binary);
    const bool images = std::string(name).find("idx3") != std::string::npos;
    file.write(images ? "\0\0\x08\x03\0\0\x01\0\0\0\0\x1c\0\0\0\x1c" : "\0\0\x08\x01\0\0\x01\0", images ? 16 : 8);
    file << std::string(100, '\1');  // 256 labels or images are announced
  }
  Command command(run({"--set", "training.data_dir=" + data.string(), "--set", "training.batch_size=8"}));
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  ASSERT_EQ(errors(command).size(), 1u) << command.err();
  EXPECT_THAT(errors(command)[0], HasSubstr("the file is truncated"));
  EXPECT_THAT(errors(command)[0], HasSubstr(data.string()));
  EXPECT_EQ(summary()["status"], "failed");
}

TEST_P(RunFailure, AFullDiskIsSaidAndTheFolderKept) {
  if (GetParam()) GTEST_SKIP() << "root is needed to mount a small disk";
  // The disk is the run's own mount; what it holds in the end is copied to where the test finds it.
  const std::string script =
      "mount -t tmpfs -o size=2m none disk && geomx-emu run full.json --out disk/out; code=$?; cp -r disk/out kept; "
      "exit $code";
  fs::create_directory(scratch_.path() / "disk");
  std::ofstream(scratch_.path() / "full.json") << R"({
    "version": 1, "name": "full", "topology": {"nodes": [{"name": "h1"}]},
    "workload": [{"node": "h1", "argv": ["sh", "-c", "yes | head -c 10000000; sleep 1000"]}]})";
  Invocation invocation;
  invocation.argv = {"unshare", "--mount", "sh", "-c", script};
  invocation.directory = scratch_.path();
  invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"},
                            {"PATH", binary("").string() + ":" + std::getenv("PATH")}};
  Command command(invocation);
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  ASSERT_EQ(errors(command).size(), 1u) << command.err();
  EXPECT_THAT(errors(command)[0], HasSubstr("run.sqlite: "));
  EXPECT_THAT(errors(command)[0], HasSubstr("full"));
  const json kept = read_json(scratch_.path() / "kept/summary.json");
  EXPECT_EQ(kept["status"], "failed");
  EXPECT_EQ("geomx-emu: " + kept["error"].get<std::string>(), errors(command)[0]);
  EXPECT_EQ(read_json(scratch_.path() / "kept/run.json")["status"], "failed");
  EXPECT_FALSE(fs::exists(scratch_.path() / "kept/.reserve"));
}

// A party goes on without one of its workers, but not without the last.
TEST_P(RunFailure, AKilledWorkerIsNamed) {
  Command command(endless());
  wait_for_first_round(command);
  const auto kill_worker = [&](const std::string& slice) {
    const std::vector<ProcessInfo> workers = tree_with(command, "--data-slice-idx " + slice);
    ASSERT_EQ(workers.size(), 1u);
    ::kill(workers[0].pid, SIGKILL);
  };
  kill_worker("2");
  const std::string goes_on = "b-worker-0: was killed by signal 9 (SIGKILL): its party goes on without it";
  EXPECT_TRUE(eventually(kSoon, [&] { return command.err().find(goes_on) != std::string::npos; })) << command.err();
  kill_worker("3");
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  ASSERT_EQ(errors(command).size(), 1u) << command.err();
  EXPECT_THAT(errors(command)[0], HasSubstr("geomx-emu: b-worker-1: was killed by signal 9 (SIGKILL)"));
  EXPECT_EQ(summary()["status"], "failed");
  EXPECT_GT(summary()["training"]["rounds"], 0);  // what was reached is kept
}

TEST_P(RunFailure, AKilledWorkerThatIsWaitedForEndsTheRun) {
  Command command(run({"--set", "training.rounds=1000000", "--set",
                       R"(topology.datacenters.a.env={"GEOMX_ON_WORKER_DEATH": "wait"})"}));
  wait_for_first_round(command);
  const std::vector<ProcessInfo> workers = tree_with(command, "--data-slice-idx 2");
  ASSERT_EQ(workers.size(), 1u);
  ::kill(workers[0].pid, SIGKILL);
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  EXPECT_THAT(errors(command),
              testing::ElementsAre(HasSubstr("geomx-emu: b-worker-0: was killed by signal 9 (SIGKILL)")));
}

// A scheduler that is started again when nobody looks for it any more: the others finish without it.
TEST_P(RunFailure, ASchedulerThatComesBackTooLateIsNotNeeded) {
  Invocation rarely = run({"--set", "training.rounds=40", "--set", "expect=[]", "--quiet"});
  rarely.environment["PS_HEARTBEAT_INTERVAL"] = "60";
  rarely.environment["PS_HEARTBEAT_TIMEOUT"] = "200";
  rarely.environment["GEOMX_JOIN_TIMEOUT"] = "60";
  Command command(rarely);
  const fs::path log = scratch_.path() / "out/logs/a-worker-0.log";
  ASSERT_TRUE(eventually(kSoon, [&] { return read_file(log).find("training, 40 rounds") != std::string::npos; }))
      << command.err();
  Invocation restart = run({});
  restart.argv = {binary("geomx-emu").string(), "node", "three-dc", "a-scheduler", "restart"};
  Command restarting(restart);
  EXPECT_EQ(restarting.wait(kSoon), 0) << restarting.err();
  ASSERT_EQ(command.wait(seconds(90)), 0) << command.err();
  EXPECT_EQ(summary()["status"], "ok");
  EXPECT_EQ(summary()["training"]["rounds"], 40);
}

TEST_P(RunFailure, AKilledLabIsSaid) {
  Command command(endless());
  wait_for_first_round(command);
  std::vector<ProcessInfo> tree = process_tree(command.pid());
  const auto lab = std::find_if(tree.begin(), tree.end(),
                                [&](const ProcessInfo& process) { return process.parent == command.pid(); });
  ASSERT_NE(lab, tree.end());
  ::kill(lab->pid, SIGKILL);
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  EXPECT_THAT(errors(command), testing::ElementsAre("geomx-emu: the lab process has been killed"));
  EXPECT_EQ(summary()["status"], "failed");
  EXPECT_EQ(summary()["error"], "the lab process has been killed");
}

TEST_P(RunFailure, ALabThatIsBroughtDownIsSaid) {
  Command command(endless());
  wait_for_first_round(command);
  Invocation invocation = run({});
  invocation.argv = {binary("geomx-emu").string(), "down", "three-dc"};
  Command down(invocation);
  EXPECT_EQ(down.wait(kSoon), 0) << down.err();
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  EXPECT_THAT(errors(command), testing::ElementsAre("geomx-emu: the lab has been ended by 'geomx-emu down'"));
  EXPECT_EQ(summary()["status"], "failed");
}

// Two thousand hosts take long to come up; Ctrl-C does not wait for them.
TEST_P(RunFailure, CtrlCEndsALabThatIsComingUp) {
  std::ofstream(scratch_.path() / "large.json") << R"({
    "version": 1, "name": "large", "topology": {"datacenters": [{"name": "a", "hosts": 1000}, {"name": "b", "hosts": 1000}]},
    "workload": [{"node": "a-host-0", "argv": ["true"]}]})";
  Invocation invocation = run({});
  invocation.argv[2] = (scratch_.path() / "large.json").string();
  Command command(invocation);
  // With its database the folder is complete; what runs from then on besides the run is the lab's.
  ASSERT_TRUE(eventually(kSoon, [&] {
    return fs::exists(scratch_.path() / "out/run.sqlite") && process_tree(command.pid()).size() >= 3;
  })) << command.err();
  command.signal(SIGINT);
  ASSERT_EQ(command.wait(seconds(2)), 1) << command.err();
  EXPECT_THAT(command.err(), testing::Not(HasSubstr("lab up")));
  EXPECT_EQ(summary()["status"], "interrupted");
  EXPECT_THAT(summary()["error"].get<std::string>(), HasSubstr("Ctrl-C"));
}

TEST_P(RunFailure, CtrlCTearsDownInASecondAndKeepsTheFolder) {
  Command command(endless());
  wait_for_first_round(command);
  const std::vector<ProcessInfo> tree = process_tree(command.pid());
  EXPECT_GE(tree.size(), 14u);  // run, init, lab, and the roles; the master's work is done by now
  command.signal(SIGINT);
  ASSERT_EQ(command.wait(seconds(1)), 1) << command.err();
  for (const ProcessInfo& process : tree) EXPECT_FALSE(alive(process)) << process.command;
  EXPECT_EQ(summary()["status"], "interrupted");
  EXPECT_GT(summary()["training"]["rounds"], 0);
  EXPECT_EQ(read_json(scratch_.path() / "out" / "run.json")["status"], "interrupted");
}

TEST_P(RunFailure, AStandstillIsSaidWithWhoIsAwaited) {
  Command command(run({"--set", "training.rounds=1000000", "--stall", "3"}));
  wait_for_first_round(command);
  const std::vector<ProcessInfo> workers = tree_with(command, "--data-slice-idx 2");
  ASSERT_EQ(workers.size(), 1u);
  ::kill(workers[0].pid, SIGSTOP);
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  ASSERT_EQ(errors(command).size(), 1u) << command.err();
  EXPECT_THAT(errors(command)[0], HasSubstr("no step and no traffic for 3 s; awaited: "));
  EXPECT_THAT(errors(command)[0], HasSubstr("b-worker-0 (training)"));
  EXPECT_EQ(summary()["status"], "failed");
}

INSTANTIATE_TEST_SUITE_P(As, RunFailure, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "user" : "root"; });

}  // namespace
}  // namespace geomx::test
