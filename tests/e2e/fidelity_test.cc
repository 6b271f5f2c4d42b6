#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "tests/e2e/emu.h"

// The verdict is right about a machine that is starved and about one that is not; and what is plainly too much for it
// is said before.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

// Processes, one for each core and one more, that take every CPU from everybody else, the wire's own thread too, for 15
// of each 40 ms, all at the same time. They end by themselves after half a minute, with this process, and with their
// owner.
class Starvation {
 public:
  Starvation() {
    cpu_set_t cores;
    EXPECT_EQ(::sched_getaffinity(0, sizeof cores, &cores), 0);
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &cores)) start(core);
    }
    start(-1);
  }
  Starvation(const Starvation&) = delete;
  Starvation& operator=(const Starvation&) = delete;
  ~Starvation() {
    for (const pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  void start(int core) {
    const pid_t pid = ::fork();
    if (pid == 0) burn(core);
    EXPECT_GT(pid, 0);
    pids_.push_back(pid);
  }
  [[noreturn]] static void burn(int core) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    cpu_set_t mine;
    CPU_ZERO(&mine);
    if (core >= 0) CPU_SET(core, &mine);
    if (core >= 0) ::sched_setaffinity(0, sizeof mine, &mine);
    sched_param parameter{};
    parameter.sched_priority = 50;
    ::sched_setscheduler(0, SCHED_FIFO, &parameter);
    constexpr milliseconds kPeriod(40);
    constexpr milliseconds kBusy(15);
    const Clock::time_point end = Clock::now() + seconds(30);
    while (Clock::now() < end) {
      const auto phase = Clock::now().time_since_epoch() % kPeriod;
      if (phase < kBusy) continue;
      const timespec pause{0, std::chrono::nanoseconds(kPeriod - phase).count()};
      ::nanosleep(&pause, nullptr);
    }
    ::_exit(0);
  }
  std::vector<pid_t> pids_;
};

class FidelityVerdict : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(GetParam());
    if (!missing.empty()) GTEST_SKIP() << missing;
  }

  // A link of 50 Mbit/s and 10 ms, saturated for some seconds.
  Invocation emu(const std::vector<std::string>& arguments) const {
    std::ofstream(scratch_.path() / "saturated.json") << R"({"version": 1, "name": "saturated",
      "topology": {"nodes": [{"name": "h1"}, {"name": "h2"}],
                   "links": [{"name": "wan", "ends": ["h1", "h2"], "rate": "50Mbit", "delay": "10ms"}]},
      "workload": [
        {"name": "server", "node": "h2", "argv": ["iperf3", "-s"], "background": true, "ready": {"port": 5201}},
        {"name": "load", "node": "h1", "argv": ["iperf3", "-c", "h2", "-u", "-b", "55M", "-t", "6"], "after": ["server"],
         "timeout": "40s"}]})";
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string()};
    invocation.argv.insert(invocation.argv.end(), arguments.begin(), arguments.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}};
    invocation.unprivileged = GetParam();
    return invocation;
  }
  // What one run comes to.
  json run(const std::string& out) const {
    Command command(emu({"run", "saturated.json", "--out", out, "--shaper", "wire", "--json"}));
    EXPECT_EQ(command.wait(seconds(60)), 0) << command.err();
    return read_json(scratch_.path() / out / "summary.json");
  }

  Scratch scratch_;
};

TEST_P(FidelityVerdict, AStarvedMachineIsDegraded) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may take the CPU from the wire's thread";
  json summary;
  {
    const Starvation starvation;
    summary = run("starved");
  }
  const json& fidelity = summary["fidelity"];
  EXPECT_EQ(fidelity["verdict"], "degraded") << fidelity;
  const std::string reasons = fidelity["reasons"].dump();
  EXPECT_THAT(reasons, HasSubstr("wan h1->h2")) << reasons;
  EXPECT_THAT(reasons, HasSubstr("since ")) << reasons;
}

// The machine of a test is other people's too, so it may take more than one run to find it idle.
TEST_P(FidelityVerdict, TheSameScenarioOnAnIdleMachineIsFaithful) {
  json fidelity;
  for (int attempt = 0; attempt < 4 && fidelity["verdict"] != "faithful"; ++attempt) {
    fidelity = run("idle-" + std::to_string(attempt))["fidelity"];
  }
  EXPECT_EQ(fidelity["verdict"], "faithful") << fidelity;
}

// A lab that is up knows as well, for whoever asks.
TEST_P(FidelityVerdict, ARunningLabSaysWhatItsLinksAreNow) {
  Command up(emu({"up", "saturated.json", "--detach", "--shaper", "wire"}));
  ASSERT_EQ(up.wait(seconds(20)), 0) << up.err();
  Command before(emu({"watch", "saturated", "--count", "1", "--interval", "100ms", "--json"}));
  ASSERT_EQ(before.wait(seconds(20)), 0) << before.err();
  EXPECT_EQ(json::parse(before.out())["fidelity"]["now"], "not measured");
  Command ping(emu({"exec", "saturated", "h1", "--", "ping", "-c", "200", "-i", "0.01", "-q", "h2"}));
  ASSERT_EQ(ping.wait(seconds(20)), 0) << ping.err();
  EXPECT_TRUE(eventually(seconds(10), [&] {
    Command inspect(emu({"inspect", "saturated", "--json"}));
    if (inspect.wait(seconds(20)) != 0) return false;
    const json fidelity = json::parse(inspect.out())["fidelity"];
    return fidelity["verdict"] != "not measured" && fidelity["judged"].contains("wan h1->h2");
  }));
  Command watch(emu({"watch", "saturated", "--count", "1", "--interval", "100ms"}));
  ASSERT_EQ(watch.wait(seconds(20)), 0);
  EXPECT_THAT(watch.out(), HasSubstr("FIDELITY"));
  EXPECT_THAT(watch.out(), HasSubstr("fidelity: "));
  Command down(emu({"down", "saturated"}));
  EXPECT_EQ(down.wait(seconds(20)), 0) << down.err();
}

// Each stretch of a link that changes is held against what was asked in it.
TEST_P(FidelityVerdict, AChangedLinkIsJudgedByWhatWasAskedAtTheTime) {
  json fidelity;
  for (int attempt = 0; attempt < 4 && fidelity["verdict"] != "faithful"; ++attempt) {
    const std::string out = "changed-" + std::to_string(attempt);
    Command command(emu({"run", "saturated.json", "--out", out, "--shaper", "wire", "--set",
                         R"(events=[{"at":"3s","link":"wan","set":{"rate":"20Mbit"}}])"}));
    ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
    const json summary = read_json(scratch_.path() / out / "summary.json");
    fidelity = summary["fidelity"];
    EXPECT_TRUE(summary["links"][0]["measured"]["rate"].is_null());  // there is no one rate
    EXPECT_EQ(fidelity["not_measured"].dump().find("wan h1->h2: rate"), std::string::npos) << fidelity;
  }
  EXPECT_EQ(fidelity["verdict"], "faithful") << fidelity;
}

TEST_P(FidelityVerdict, WhatIsPlainlyTooMuchIsSaidBefore) {
  const std::vector<std::string> huge{"--set", "topology.links.*.rate=40Gbit", "--set", "topology.links.*.delay=10ms"};
  for (const char* subcommand : {"run", "up"}) {
    std::vector<std::string> arguments{subcommand, "saturated.json", "--shaper", "wire", "--strict"};
    arguments.insert(arguments.end(), huge.begin(), huge.end());
    Command refused(emu(arguments));
    EXPECT_EQ(refused.wait(seconds(20)), 2) << subcommand;
    EXPECT_THAT(refused.err(),
                testing::ContainsRegex("this machine is too small for it: forwarding: .* may carry 80Gbit"))
        << subcommand;
  }
  // What check says depends on the shaper that this kernel would have the link done by.
  Command plan(emu({"plan", "saturated.json", "--json"}));
  ASSERT_EQ(plan.wait(seconds(20)), 0) << plan.err();
  const bool wire = json::parse(plan.out())["links"][0]["shaper"] == "wire";
  std::vector<std::string> arguments{"check", "saturated.json"};
  arguments.insert(arguments.end(), huge.begin(), huge.end());
  Command warned(emu(arguments));
  EXPECT_EQ(warned.wait(seconds(20)), 0) << warned.err();
  EXPECT_EQ(warned.err().find("geomx-emu: warning: forwarding: ") != std::string::npos, wire) << warned.err();
  Command fits(emu({"check", "saturated.json", "--strict"}));
  EXPECT_EQ(fits.wait(seconds(20)), 0) << fits.err();
}

INSTANTIATE_TEST_SUITE_P(As, FidelityVerdict, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "user" : "root"; });

}  // namespace
}  // namespace geomx::test
