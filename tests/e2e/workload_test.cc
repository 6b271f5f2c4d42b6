#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <fstream>

#include "tests/e2e/emu.h"

// The commands of a workload: when they start, what ends them, what fails the run, and what is left of it all.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr seconds kSoon(20);

class Workload : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(GetParam());
    if (!missing.empty()) GTEST_SKIP() << missing;
  }

  // Two hosts and a cable; `commands` is the workload's JSON list.
  Invocation run(const std::string& commands, const std::vector<std::string>& more = {}) const {
    std::ofstream(scratch_.path() / "scenario.json")
        << R"({"version": 1, "name": "work", "topology": {"nodes": [{"name": "h1"}, {"name": "h2"}],
               "links": [{"name": "cable", "ends": ["h1", "h2"]}]}, "workload": )"
        << commands << "}";
    return run_file(scratch_.path() / "scenario.json", more);
  }
  Invocation run_file(const fs::path& scenario, const std::vector<std::string>& more = {}) const {
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string(), "run", scenario.string(), "--out", "out"};
    invocation.argv.insert(invocation.argv.end(), more.begin(), more.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}};
    invocation.unprivileged = GetParam();
    return invocation;
  }
  json summary() const { return read_json(scratch_.path() / "out" / "summary.json"); }
  std::string log(const std::string& name) const { return read_file(scratch_.path() / "out/logs" / (name + ".log")); }

  Scratch scratch_;
};

// The server listens only a second after its start; without waiting for it the client is refused at once.
TEST_P(Workload, AClientWaitsUntilItsServerListens) {
  Command command(run(R"([
    {"name": "client", "node": "h1", "argv": ["iperf3", "-c", "h2", "-n", "100K"], "after": ["server"], "timeout": "10s"},
    {"name": "server", "node": "h2", "argv": ["sh", "-c", "sleep 1; exec iperf3 -s"], "background": true,
     "ready": {"port": 5201}}])"));
  ASSERT_EQ(command.wait(kSoon), 0) << command.err() << log("client");
  const json workload = summary()["workload"];
  ASSERT_EQ(workload.size(), 2u);
  EXPECT_EQ(workload[0]["name"], "client");
  EXPECT_EQ(workload[0]["status"], "ok");
  EXPECT_EQ(workload[0]["exit_code"], 0);
  EXPECT_LT(workload[1]["started"], 0.5);
  EXPECT_EQ(workload[1]["status"], "ended");
  EXPECT_THAT(log("client"), HasSubstr("receiver"));
  EXPECT_THAT(command.out(), HasSubstr("client"));
}

TEST_P(Workload, OrderReadinessAndPlacesAreKept) {
  Command command(run(R"([
    {"name": "talker", "node": "h1", "argv": ["sh", "-c", "sleep 0.4; echo talker up >> order; echo up; sleep 60"],
     "background": true, "ready": {"output": "up"}},
    {"name": "writer", "node": "h2", "argv": ["sh", "-c", "sleep 0.2; echo writer up >> order; touch sign; sleep 60"],
     "background": true, "ready": {"file": "sign"}, "after": ["talker"]},
    {"name": "all", "nodes": ["h*"], "argv": ["sh", "-c", "echo $WHAT at $(hostname) >> order; hostname"],
     "after": ["writer"], "environment": {"WHAT": "work"}},
    {"name": "last", "node": "h1", "argv": ["sh", "-c", "echo last >> order"], "after": ["all"], "at": "200ms",
     "repeat": 3}])"));
  ASSERT_EQ(command.wait(kSoon), 0) << command.err();
  const std::string order = read_file(scratch_.path() / "order");
  EXPECT_THAT(order, testing::AnyOf("talker up\nwriter up\nwork at h1\nwork at h2\nlast\nlast\nlast\n",
                                    "talker up\nwriter up\nwork at h2\nwork at h1\nlast\nlast\nlast\n"));
  EXPECT_EQ(log("all@h1"), "h1\n");
  EXPECT_EQ(log("all@h2"), "h2\n");
  const json workload = summary()["workload"];
  ASSERT_EQ(workload.size(), 5u);
  EXPECT_EQ(workload[4]["runs"], 3);
  const double all_ended = std::max(workload[2]["started"].get<double>() + workload[2]["seconds"].get<double>(),
                                    workload[3]["started"].get<double>() + workload[3]["seconds"].get<double>());
  EXPECT_GE(workload[4]["started"].get<double>(), all_ended + 0.19);
}

TEST_P(Workload, WhatMayFailDoesNotFailTheRun) {
  Command command(run(R"([
    {"name": "clumsy", "node": "h1", "argv": ["sh", "-c", "exit 7"], "may_fail": true},
    {"name": "slow", "node": "h1", "argv": ["sleep", "60"], "timeout": "300ms", "may_fail": true},
    {"name": "next", "node": "h2", "argv": ["echo", "fine"], "after": ["clumsy", "slow"]}])"));
  ASSERT_EQ(command.wait(kSoon), 0) << command.err();
  const json workload = summary()["workload"];
  EXPECT_EQ(workload[0]["status"], "failed");
  EXPECT_EQ(workload[0]["exit_code"], 7);
  EXPECT_EQ(workload[1]["status"], "timed out");
  EXPECT_EQ(log("next"), "fine\n");
}

struct Failure {
  const char* name;
  const char* workload;
  const char* says;
};
constexpr Failure kFailures[] = {
    {"timeout",
     R"([{"name": "slow", "node": "h1", "argv": ["sh", "-c", "echo so far; sleep 60"], "timeout": "500ms"}])",
     "geomx-emu: h1: slow: ran over its limit of 500ms: so far"},
    {"deaf to SIGTERM",
     R"([{"name": "deaf", "node": "h1", "argv": ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
       "timeout": "200ms"}])",
     "geomx-emu: h1: deaf: ran over its limit of 200ms"},
    {"never ready", R"([{"name": "server", "node": "h1", "argv": ["sleep", "60"], "background": true,
       "ready": {"port": 80, "within": "300ms"}},
       {"node": "h2", "argv": ["true"], "after": ["server"]}])",
     "geomx-emu: h1: server: not ready 300ms after its start: nothing listens on TCP port 80"},
    {"over before ready", R"([{"name": "server", "node": "h1", "argv": ["true"], "background": true,
       "ready": {"output": "up"}}, {"node": "h2", "argv": ["sleep", "60"]}])",
     "geomx-emu: h1: server: exited with code 0 before it was ready"},
    {"a server that fails", R"([{"name": "server", "node": "h1", "argv": ["sh", "-c", "echo no room; exit 4"],
       "background": true}, {"node": "h2", "argv": ["sleep", "60"]}])",
     "geomx-emu: h1: server: exited with code 4: no room"},
    {"no such program", R"([{"name": "typo", "node": "h1", "argv": ["iperf33"]}])", "iperf33"},
};

TEST_P(Workload, FailuresAreSaidInOneLine) {
  for (const Failure& failure : kFailures) {
    Command command(run(failure.workload));
    ASSERT_EQ(command.wait(kSoon), 1) << failure.name << ": " << command.err();
    EXPECT_THAT(command.err(), HasSubstr(failure.says)) << failure.name;
    EXPECT_EQ(summary()["status"], "failed") << failure.name;
    EXPECT_FALSE(summary()["workload"].is_null()) << failure.name;
    EXPECT_LT(summary()["wall_seconds"], 15.0) << failure.name;
  }
}

TEST_P(Workload, AnExpectationOfAnExitCode) {
  std::ofstream(scratch_.path() / "expect.json") << R"({"version": 1, "name": "work",
    "topology": {"nodes": [{"name": "h1"}]},
    "workload": [{"name": "probe", "node": "h1", "argv": ["sh", "-c", "exit 3"], "may_fail": true}],
    "expect": [{"metric": "workload.probe.exit_code", "min": 3, "max": 3}]})";
  Command met(run_file(scratch_.path() / "expect.json"));
  EXPECT_EQ(met.wait(kSoon), 0) << met.err();
  Command unmet(run_file(scratch_.path() / "expect.json", {"--set", "expect.0.max=4", "--set", "expect.0.min=4"}));
  EXPECT_EQ(unmet.wait(kSoon), 1) << unmet.err();
  EXPECT_THAT(unmet.out(), HasSubstr("workload.probe.exit_code in [4, 4]: NOT MET (3)"));
}

// However it ends, nothing of it goes on: neither servers nor what they have started.
TEST_P(Workload, AnInterruptedRunLeavesNothing) {
  for (const int signal : {SIGINT, SIGKILL}) {
    Command command(run(R"([
      {"name": "server", "node": "h1", "argv": ["sh", "-c", "trap '' TERM INT HUP; sleep 1000 & echo up; wait; wait"],
       "background": true, "ready": {"output": "up"}},
      {"name": "work", "node": "h2", "argv": ["sleep", "1000"], "after": ["server"]}])"));
    std::vector<ProcessInfo> tree;
    ASSERT_TRUE(eventually(kSoon, [&] {
      tree = process_tree(command.pid());
      return std::count_if(tree.begin(), tree.end(),
                           [](const ProcessInfo& process) { return process.command.find("sleep 1000") == 0; }) == 2;
    })) << command.err();
    command.signal(signal);
    EXPECT_EQ(command.wait(kSoon), signal == SIGKILL ? 128 + SIGKILL : 1) << command.err();
    EXPECT_TRUE(eventually(seconds(5), [&] { return std::none_of(tree.begin(), tree.end(), alive); }));
    if (signal == SIGINT) {
      EXPECT_EQ(summary()["status"], "interrupted");
      EXPECT_EQ(summary()["workload"][1]["status"], "running");
    }
  }
}

// What ran in a node that is killed starts again with the node, and is no failure.
TEST_P(Workload, ACommandOfAKilledNodeIsStartedAgain) {
  std::ofstream(scratch_.path() / "kill.json") << R"({"version": 1, "name": "work",
    "topology": {"nodes": [{"name": "h1"}, {"name": "h2"}], "links": [{"ends": ["h1", "h2"]}]},
    "workload": [{"node": "h2", "argv": ["sleep", "3"]}, {"name": "twice", "node": "h1", "timeout": "10s",
      "argv": ["sh", "-c", "echo once; test $(grep -c once out/logs/twice.log) -ge 2 || sleep 60"]}],
    "events": [{"at": "500ms", "node": "h1", "kill": "500ms"}]})";
  Command command(run_file(scratch_.path() / "kill.json"));
  ASSERT_EQ(command.wait(kSoon), 0) << command.err();
  EXPECT_EQ(log("twice"), "once\nonce\n");
  EXPECT_EQ(summary()["workload"][1]["status"], "ok");
}

// The example of the documentation: a download while the link changes under it.
TEST_P(Workload, AChangingWanIsSeenByWhatRunsInIt) {
  Command command(run_file(source("scenarios/changing-wan.json")));
  ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
  const json result = summary();
  EXPECT_EQ(result["workload"].size(), 5u);
  const std::string pings = log("pings@village-host-1");
  EXPECT_THAT(pings, AllOf(HasSubstr("18 packets transmitted"), HasSubstr("icmp_seq=2 ")));
  EXPECT_THAT(log("download"), HasSubstr("receiver"));
  EXPECT_THAT(command.out(), HasSubstr("download"));
}

INSTANTIATE_TEST_SUITE_P(As, Workload, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "user" : "root"; });

}  // namespace
}  // namespace geomx::test
