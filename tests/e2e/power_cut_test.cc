// kill -9 of the command, of the lab's init and of the lab process, in every phase of `up`, `apply` and `down`: nothing
// is left, and a lab of the same name comes up again at once. The phases are those that the programs name themselves
// (emulator/base/phase.h), as one whole life of a lab shows them. GEOMX_POWER_CUTS: how many of each command's cases,
// chosen at random (all).

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <sstream>

#include "emulator/base/error.h"
#include "tests/e2e/lab_fixture.h"
#include "tests/e2e/leftovers.h"

namespace geomx::test {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;
using namespace std::chrono_literals;

constexpr auto kAtOnce = 5s;  // for the kernel to end a dozen processes on a busy machine

enum class Step { up, up_detached, apply, down, ctrl_c };

struct Case {
  std::string phase;
  std::string victim;  // command, init, lab
};

class PowerCut : public Lab {
 protected:
  void SetUp() override {
    Lab::SetUp();
    if (IsSkipped()) return;
    if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: root is needed to look into every process";
    leave_the_machines_own();
    interfaces_ = interfaces();
    mounts_ = lines_of("/proc/self/mountinfo");
    log_ = scratch_.path() / "phases";
    std::ofstream(log_).close();
    check(::chmod(log_.c_str(), 0666), "open the log to everybody");
  }

  Invocation command(std::vector<std::string> arguments, const std::string& stop_at) const {
    Invocation made = invocation(std::move(arguments));
    made.environment["GEOMX_EMU_PHASES"] = log_;
    made.environment["GEOMX_EMU_STOP_AT"] = stop_at;
    return made;
  }

  // What has to be there before the step.
  void prepare(Step step, std::optional<Command>& attached, const std::string& stop_at) const {
    if (step == Step::apply || step == Step::down) {
      const Result up = ended(command({"up", "play.json", "--detach"}, stop_at));
      EXPECT_EQ(up.status, 0) << up.err;
    } else if (step == Step::ctrl_c) {
      attached.emplace(command({"up", "play.json"}, stop_at));
      EXPECT_TRUE(eventually(kPatience, [&] { return attached->out().find("Ctrl-C") != std::string::npos; }));
    }
  }

  // The step itself, after prepare().
  void start(Step step, std::optional<Command>& attached, const std::string& stop_at) const {
    switch (step) {
      case Step::up:
        attached.emplace(command({"up", "play.json"}, stop_at));
        return;
      case Step::up_detached:
        attached.emplace(command({"up", "play.json", "--detach"}, stop_at));
        return;
      case Step::apply:
        attached.emplace(command({"apply", "play", "play.json", "--set", "topology.datacenters.a.hosts=4", "--set",
                                  "topology.datacenters.b.hosts=0"},
                                 stop_at));
        return;
      case Step::down:
        attached.emplace(command({"down", "play"}, stop_at));
        return;
      case Step::ctrl_c:
        attached->signal(SIGINT);
    }
  }

  static std::string prefix_of(Step step) {
    if (step == Step::apply) return "apply: ";
    return step == Step::down || step == Step::ctrl_c ? "down: " : "up: ";
  }

  // All that the step goes through, in order.
  std::vector<std::string> phases_of(Step step) const {
    std::optional<Command> running;
    prepare(step, running, "");
    start(step, running, "");
    if (step == Step::up) {
      EXPECT_TRUE(eventually(kPatience, [&] { return running->out().find("Ctrl-C") != std::string::npos; }));
    } else {
      EXPECT_EQ(running->wait(kPatience), 0) << running->err();
    }
    running.reset();
    emu({"down", "--all"});
    std::vector<std::string> phases;
    for (const std::string& line : lines_of(log_)) {
      if (line.starts_with(prefix_of(step)) && std::find(phases.begin(), phases.end(), line) == phases.end()) {
        phases.push_back(line);
      }
    }
    return phases;
  }

  bool everything_gone() const { return marked_processes(runtime()).empty(); }

  // Pid 1 of a pid namespace of its own, and what it has started.
  std::optional<ProcessInfo> find(const std::string& kind, pid_t command_pid) const {
    const std::vector<ProcessInfo> all = process_tree(1);
    const auto ours = [&](const ProcessInfo& process) {
      return read_file("/proc/" + std::to_string(process.pid) + "/environ").find(runtime()) != std::string::npos;
    };
    const auto number_inside = [](const ProcessInfo& process) {
      std::istringstream status(read_file("/proc/" + std::to_string(process.pid) + "/status"));
      std::string last;
      for (std::string line; std::getline(status, line);) {
        if (line.starts_with("NSpid:")) last = line.substr(line.find_last_of(" \t") + 1);
      }
      return last;
    };
    std::optional<ProcessInfo> init;
    for (const ProcessInfo& process : all) {
      if (kind == "command" && process.pid == command_pid) return process;
      if (process.pid != command_pid && number_inside(process) == "1" && ours(process)) init = process;
    }
    if (kind == "init" || !init) return kind == "command" ? std::nullopt : init;
    for (const ProcessInfo& process : all) {
      if (process.parent == init->pid) return process;
    }
    return std::nullopt;
  }

  // False: there is no such process in that phase.
  bool cut(Step step, const Case& which) {
    std::ofstream(log_).close();
    const FileDescriptor held(check(::open(log_.c_str(), O_RDONLY | O_CLOEXEC), "open", log_));
    check(::flock(held.get(), LOCK_SH), "lock", log_);
    std::optional<Command> running;
    prepare(step, running, which.phase);
    start(step, running, which.phase);
    const auto reached = [&] {
      const std::vector<std::string> lines = lines_of(log_);
      return std::find(lines.begin(), lines.end(), which.phase) != lines.end();
    };
    EXPECT_TRUE(eventually(kPatience, reached)) << which.phase << ": " << running->err();
    const std::optional<ProcessInfo> victim = find(which.victim, running->pid());
    std::vector<ProcessInfo> tree = process_tree(running->pid());
    if (const auto init = find("init", running->pid())) {
      const std::vector<ProcessInfo> lab = process_tree(init->pid);
      tree.insert(tree.end(), lab.begin(), lab.end());
    }
    const std::set<std::string> namespaces = namespaces_of(tree);
    const bool killed = victim && ::kill(victim->pid, SIGKILL) == 0;  // it may be ending by itself
    const std::vector<ProcessInfo> everybody = process_tree(1);
    check(::flock(held.get(), LOCK_UN), "unlock", log_);  // whoever lives goes on

    if (!killed && step == Step::up) running->signal(SIGINT);
    EXPECT_TRUE(running->wait(kPatience)) << "the command goes on without its " << which.victim;
    const bool detached = step != Step::up && step != Step::ctrl_c;
    if (detached && which.victim == "command") {
      // What it has left is whole, or not there; in either case it can be ended.
      if (step == Step::apply) {
        const Result inspect = emu({"inspect", "play"});
        EXPECT_EQ(inspect.status, 0) << inspect.err;
        EXPECT_THAT(inspect.out, ::testing::HasSubstr("all as planned"));
      }
      EXPECT_TRUE(eventually(20s, [&] { return emu({"down", "--all"}).status == 0 && everything_gone(); }));
    }
    if (!killed) emu({"down", "--all"});
    EXPECT_TRUE(eventually(
        kAtOnce,
        [&] { return everything_gone() && remaining(tree).empty() && reachable(namespaces, everybody).empty(); }))
        << ::testing::PrintToString(marked_processes(runtime())) << ::testing::PrintToString(remaining(tree))
        << ::testing::PrintToString(reachable(namespaces, everybody));
    EXPECT_EQ(interfaces(), interfaces_);
    EXPECT_THAT(lines_of("/proc/self/mountinfo"), IsSubsetOf(mounts_));
    const Result list = emu({"list", "--json"});
    EXPECT_THAT(nlohmann::json::parse(list.out), IsEmpty()) << list.err;
    EXPECT_FALSE(std::filesystem::exists(lab_folder()));
    if (killed) {
      const Result again = emu({"up", "play.json", "--detach"});
      EXPECT_EQ(again.status, 0) << again.err;
      EXPECT_EQ(emu({"down", "play"}).status, 0);
    }
    return killed;
  }

  void cut_all(Step step, const std::vector<std::string>& expected) {
    const std::vector<std::string> phases = phases_of(step);
    // The table of phases is the programs' own; these must be among them, or the test has lost sight of a step.
    for (const std::string& phase : expected) EXPECT_THAT(phases, Contains(phase));
    std::vector<Case> cases;
    for (const std::string& phase : phases) {
      for (const char* victim : {"command", "init", "lab"}) cases.push_back({phase, victim});
    }
    if (const char* sample = std::getenv("GEOMX_POWER_CUTS")) {
      std::mt19937 random(std::random_device{}());
      std::shuffle(cases.begin(), cases.end(), random);
      cases.resize(std::min<std::size_t>(cases.size(), std::stoul(sample)));
    }
    int killed = 0;
    for (const Case& each : cases) {
      SCOPED_TRACE(each.phase + ", kill -9 of the " + each.victim);
      std::cout << each.phase << ", " << each.victim << std::endl;
      if (cut(step, each)) ++killed;
      if (HasFailure()) return;
    }
    std::cout << phases.size() << " phases, " << cases.size() << " cases, " << killed << " kills" << std::endl;
    if (std::getenv("GEOMX_POWER_CUTS") == nullptr) {
      EXPECT_GE(killed, static_cast<int>(phases.size()));
    }
  }

  std::filesystem::path log_;
  std::vector<std::string> interfaces_;
  std::vector<std::string> mounts_;
};

INSTANTIATE_TEST_SUITE_P(As, PowerCut, ::testing::Values(false, true),
                         [](const auto& param) { return param.param ? "OrdinaryUser" : "Root"; });

const std::vector<std::string> kUp{"up: folder",  "up: described", "up: helper",     "up: init",       "up: mounts",
                                   "up: fork",    "up: step 1",    "up: step 4",     "up: hosts file", "up: serving",
                                   "up: started", "up: connected", "up: handed over"};
const std::vector<std::string> kDown{"down: asking", "down: answering", "down: asked", "down: folder",
                                     "down: links and namespaces"};

TEST_P(PowerCut, OfUp) {
  cut_all(Step::up, kUp);
}
TEST_P(PowerCut, OfUpDetached) {
  cut_all(Step::up_detached, kUp);
}
TEST_P(PowerCut, OfApply) {
  cut_all(Step::apply, {"apply: asking", "apply: new nodes and links", "apply: what goes", "apply: what changes",
                        "apply: hosts file", "apply: entry", "apply: reading back"});
}
TEST_P(PowerCut, OfDown) {
  cut_all(Step::down, kDown);
}
TEST_P(PowerCut, OfCtrlC) {
  cut_all(Step::ctrl_c, kDown);
}

}  // namespace
}  // namespace geomx::test
