#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "tests/e2e/emu.h"
#include "tests/e2e/leftovers.h"

// kill -9 of any process of a run, the top one included, at random moments: nothing is left, and the same scenario
// starts again at once, under the same name and into the same folder. GEOMX_KILLS is how many (4); GEOMX_KILL_SEED
// repeats a sequence.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kAtOnce(2000);  // for the kernel to end some twenty processes on a busy machine
constexpr seconds kSoon(15);
constexpr seconds kGoesOn(3);
constexpr int kLatestMoment = 5000;  // milliseconds after the start: lab, membership, first rounds

unsigned long from_environment(const char* name, unsigned long otherwise) {
  const char* value = std::getenv(name);
  return value ? std::stoul(value) : otherwise;
}

// Who can be killed: run itself, the lab's two processes, and every role. Pings and other passing helpers are nobody
// whom a run depends on.
struct Victim {
  std::string kind;
  ProcessInfo process;
};

std::vector<Victim> victims(const std::vector<ProcessInfo>& tree, pid_t root) {
  const std::map<int, std::string> by_depth{{0, "run"}, {1, "init"}, {2, "lab"}};
  std::vector<Victim> found;
  for (const ProcessInfo& process : tree) {
    const int at = depth(tree, process, root);
    if (process.command.find("geomx-node") != std::string::npos) {
      found.push_back({process.command.find("--data-slice-idx") != std::string::npos ? "worker" : "role", process});
    } else if (process.command.find("geomx-emu") != std::string::npos && by_depth.contains(at)) {
      found.push_back({by_depth.at(at), process});
    }
  }
  return found;
}

class Kill : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (::geteuid() != 0) GTEST_SKIP() << "root is needed to see every process's environment";
    if (!missing.empty()) GTEST_SKIP() << missing;
    leave_the_machines_own();
    interfaces_ = interfaces();
    mounts_ = lines_of("/proc/self/mountinfo");
  }

  Invocation run(const std::string& marker, bool unprivileged) const {
    Invocation invocation;
    invocation.argv = {
        binary("geomx-emu").string(), "run", source("scenarios/three-dc.json").string(), "--out", marker, "--set",
        "training.rounds=1000000"};
    invocation.directory = scratch_.path();
    // The same lab's name in the same place each time: what a killed run leaves there must not stop the next.
    invocation.environment = {
        {"GEOMX_KILL_TEST", marker},
        {"GEOMX_EMU_RUNTIME_DIR", (scratch_.path() / (unprivileged ? "labs-user" : "labs-root")).string()}};
    invocation.unprivileged = unprivileged;
    return invocation;
  }

  std::vector<std::string> labs(bool unprivileged) const {
    Invocation list = run({}, unprivileged);
    list.argv = {binary("geomx-emu").string(), "list", "--json"};
    Command command(list);
    EXPECT_EQ(command.wait(kSoon), 0) << command.err();
    std::vector<std::string> names;
    for (const auto& lab : nlohmann::json::parse(command.out())) names.push_back(lab["name"]);
    return names;
  }

  // Neither a lock nor a folder that the killed run has left stands in the way of the next.
  void start_again(const std::string& marker, bool unprivileged) {
    Command next(run(marker, unprivileged));
    EXPECT_TRUE(eventually(kSoon, [&] {
      return next.err().find("lab up in") != std::string::npos || next.wait(milliseconds(0));
    })) << next.err();
    EXPECT_THAT(labs(unprivileged), testing::ElementsAre("three-dc")) << next.err();
    next.signal(SIGINT);
    EXPECT_EQ(next.wait(kSoon), 1) << next.err();
    EXPECT_EQ(read_json(scratch_.path() / marker / "summary.json")["status"], "interrupted");
    EXPECT_TRUE(labs(unprivileged).empty());
  }

  void kill_one(int number, const std::string& wanted_kind, milliseconds moment, bool unprivileged,
                std::mt19937_64& random) {
    const std::string marker = "kill-" + std::to_string(::getpid()) + "-" + std::to_string(number);
    Command command(run(marker, unprivileged));
    EXPECT_EQ(command.wait(moment), std::nullopt) << "ended before it was killed: " << command.err();
    std::vector<ProcessInfo> tree;
    std::vector<Victim> candidates;
    // The moment may be one before the child has become the program.
    eventually(seconds(1), [&] {
      tree = process_tree(command.pid());
      candidates = victims(tree, command.pid());
      return !candidates.empty();
    });
    std::vector<Victim> wanted = candidates;
    std::erase_if(wanted, [&](const Victim& victim) { return victim.kind != wanted_kind; });
    if (wanted.empty()) wanted = candidates;
    ASSERT_FALSE(wanted.empty()) << command.err();
    const Victim victim = wanted[random() % wanted.size()];
    const std::set<std::string> namespaces = namespaces_of(tree);
    std::cout << number << ": kill -9 of " << victim.kind << " (" << victim.process.command << ") after "
              << moment.count() << " ms, " << tree.size() << " processes, " << namespaces.size() << " namespaces, "
              << (unprivileged ? "user" : "root") << std::endl;
    ::kill(victim.process.pid, SIGKILL);
    const std::vector<ProcessInfo> everybody = process_tree(1);

    std::string status = "failed";
    auto ended = command.wait(victim.kind == "worker" ? kGoesOn : kSoon);
    if (!ended && victim.kind == "worker") {  // whose party trains on
      EXPECT_THAT(command.err(), testing::HasSubstr("its party goes on without it"));
      command.signal(SIGINT);
      ended = command.wait(kSoon);
      status = "interrupted";
    }
    ASSERT_TRUE(ended) << "the run goes on without its " << victim.kind << "\n" << command.err();
    EXPECT_EQ(*ended, victim.kind == "run" ? 128 + SIGKILL : 1) << command.err();
    const auto end = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually(kAtOnce,
                           [&] {
                             return marked_processes(marker).empty() && remaining(tree).empty() &&
                                    reachable(namespaces, everybody).empty();
                           }))
        << testing::PrintToString(marked_processes(marker)) << testing::PrintToString(remaining(tree))
        << testing::PrintToString(reachable(namespaces, everybody));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - end;
    std::cout << "   nothing left after " << took.count() << " ms" << std::endl;
    EXPECT_EQ(interfaces(), interfaces_);
    EXPECT_THAT(lines_of("/proc/self/mountinfo"), testing::IsSubsetOf(mounts_));
    if (victim.kind != "run" && fs::exists(scratch_.path() / marker / "run.json")) {
      EXPECT_EQ(read_json(scratch_.path() / marker / "summary.json")["status"], status);
    }
    start_again(marker, unprivileged);
  }

  Scratch scratch_;
  std::vector<std::string> interfaces_;
  std::vector<std::string> mounts_;
};

TEST_F(Kill, AtRandomMomentsLeavesNothing) {
  const unsigned long kills = from_environment("GEOMX_KILLS", 4);
  const unsigned long seed = from_environment("GEOMX_KILL_SEED", std::random_device()());
  std::cout << "GEOMX_KILL_SEED=" << seed << std::endl;
  std::mt19937_64 random(seed);
  const std::vector<std::string> kinds{"run", "worker", "lab", "role", "init"};
  const std::size_t first = random() % kinds.size();
  for (unsigned long i = 0; i < kills && !HasFatalFailure(); ++i) {
    const milliseconds moment(random() % kLatestMoment);
    kill_one(static_cast<int>(i), kinds[(first + i) % kinds.size()], moment, random() % 2 == 1, random);
  }
}

}  // namespace
}  // namespace geomx::test
