#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>

#include "tests/e2e/emu.h"
#include "tests/e2e/leftovers.h"
#include "tests/support/run_database.h"
#include "tests/unit/trainer/data/idx_files.h"

// A job in a lab while its links change and are cut, by the scenario's own events, and its nodes and processes die, are
// paused and are started again, by hand and one after the other. No round is lost, all replicas agree at the end, and
// nothing is left. GEOMX_CHAOS_SEED says what happens to whom (and is printed), GEOMX_CHAOS_FAULTS how many nodes have
// something happen to them in a run (2), GEOMX_CHAOS_RUNS how many runs there are, with seeds one after the other (1).
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kSoon(15);
constexpr seconds kRecovery(60);
constexpr int kRoundsPerFault = 8;  // the others' while one is being started again
const std::vector<std::string> kWorkers{"a-worker-0", "a-worker-1", "b-worker-0", "b-worker-1"};

unsigned long number(const char* name, unsigned long otherwise) {
  const char* value = std::getenv(name);
  return value ? std::stoul(value) : otherwise;
}

class LabChaos : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: root is needed to see every process's environment";
    if (!missing.empty()) GTEST_SKIP() << "SKIPPED: " << missing;
    leave_the_machines_own();
    interfaces_ = interfaces();
    mounts_ = lines_of("/proc/self/mountinfo");
    fs::create_directory(scratch_.path() / "data");
    trainer::write_dataset(scratch_.path() / "data", 1600);
  }

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  template <typename T>
  const T& draw(const std::vector<T>& choices) {
    return choices[draw(choices.size())];
  }

  json events(unsigned long faults) {
    const std::string over = std::to_string(5 * faults) + "s";
    json weather{{"at", "3s"}, {"link", "*"}};
    weather["random"] = {{"every", "1500ms"},
                         {"over", over},
                         {"seed", draw(1000)},
                         {"set",
                          {{"rate", {"20Mbit", "50Mbit"}},
                           {"delay", {"1ms", "15ms"}},
                           {"jitter", {"0ms", "1ms"}},
                           {"loss", {"0%", "1%"}}}},
                         {"down", "500ms"}};
    json all = json::array({weather});
    // Longer than the heartbeats' timeout.
    for (unsigned long i = 0; i < std::max(faults / 3, 1ul); ++i) {
      const std::string at = std::to_string(4000 + 5000 * i + draw(3000)) + "ms";
      all.push_back({{"at", at}, {"link", draw(std::vector<std::string>{"wan-a", "wan-b"})}, {"down", "2s"}});
    }
    return all;
  }

  void write_scenario(unsigned long faults, int rounds) {
    const json patience{{"PS_HEARTBEAT_INTERVAL", "0.2"}, {"PS_HEARTBEAT_TIMEOUT", "1.3"}};
    json central = patience;
    central["GEOMX_CHECKPOINT_DIR"] = (scratch_.path() / "checkpoints").string();
    central["GEOMX_CHECKPOINT_EVERY"] = draw(2) == 0 ? "1" : "4";
    json scenario{{"version", 1}, {"name", "chaos"}, {"seed", draw(1000)}};
    json& topology = scenario["topology"];
    topology["datacenters"] = {{{"name", "central"}, {"env", central}},
                               {{"name", "a"}, {"env", patience}},
                               {{"name", "b"}, {"env", patience}}};
    for (const char* party : {"a", "b"}) {
      topology["links"].push_back(
          {{"name", std::string("wan-") + party}, {"ends", {"central", party}}, {"rate", "50Mbit"}, {"delay", "5ms"}});
    }
    json& training = scenario["training"];
    training["parties"] = {{{"datacenter", "central"}, {"global_servers", 1}},
                           {{"datacenter", "a"}, {"workers", 2}},
                           {{"datacenter", "b"}, {"workers", 2}}};
    training["data_dir"] = (scratch_.path() / "data").string();
    training["rounds"] = rounds;
    training["security"] = draw(4) == 0 ? "curve" : "none";
    scenario["events"] = events(faults);
    std::ofstream(scratch_.path() / "chaos.json") << scenario.dump(2);
  }

  Invocation emu(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), binary("geomx-emu").string());
    return {
        .argv = std::move(arguments),
        .directory = scratch_.path(),
        .environment = {{"GEOMX_CHAOS_MARK", mark_}, {"GEOMX_EMU_RUNTIME_DIR", (scratch_.path() / "labs").string()}}};
  }
  void node(const std::string& name, const std::string& what) const {
    Command command(emu({"node", "chaos", name, what}));
    EXPECT_EQ(command.wait(kSoon), 0) << name << " " << what << ": " << command.err();
  }

  // The last round that each worker has told of; 0: none.
  std::vector<long> rounds() const {
    std::vector<long> rounds;
    for (const std::string& worker : kWorkers) {
      const std::string sql = "SELECT coalesce(max(round), 0) FROM steps WHERE node = '" + worker + "'";
      rounds.push_back(static_cast<long>(single(out(), sql)));
    }
    return rounds;
  }
  // Every worker has done that round. False where the run has ended before.
  bool all_come_to(Command& run, long round) const {
    bool ended = false;
    const bool come = eventually(kRecovery, [&] {
      ended = run.wait(milliseconds(0)).has_value();
      return ended || std::ranges::min(rounds()) >= round;
    });
    EXPECT_TRUE(come) << "round " << round << " does not come: " << testing::PrintToString(rounds()) << "\n"
                      << run.err();
    return come && !ended;
  }
  bool says(const Command& run, const std::string& words) const {
    return eventually(kSoon, [&] { return run.err().find(words) != std::string::npos; });
  }

  // kill -9 of a worker's process alone: the run and its party go on. Its node brings it back.
  void kill_a_process(const Command& run) {
    const std::size_t slice = draw(kWorkers.size());
    note("kill -9 of the process of " + kWorkers[slice]);
    for (const ProcessInfo& process : process_tree(run.pid())) {
      if (process.command.find("--data-slice-idx " + std::to_string(slice)) == std::string::npos) continue;
      ::kill(process.pid, SIGKILL);
    }
    EXPECT_TRUE(says(run, kWorkers[slice] + ": was killed by signal 9 (SIGKILL): its party goes on without it"))
        << run.err();
    node(kWorkers[slice], "restart");
  }
  void kill_a_node(const std::vector<std::string>& whom) {
    const std::string& victim = draw(whom);
    const bool at_once = draw(2) == 0;
    note("kill " + victim + (at_once ? "" : " for longer than the timeout"));
    node(victim, "kill");
    const milliseconds away(at_once ? 0 : 2000);
    eventually(away, [] { return false; });  // so long it is away
    node(victim, "restart");
  }
  void pause_a_node() {
    const std::string& victim = draw(kWorkers);
    const milliseconds away(draw(2) == 0 ? 700 : 2000);
    note("pause " + victim + " for " + std::to_string(away.count()) + " ms");
    node(victim, "pause");
    eventually(away, [] { return false; });
    node(victim, "resume");
  }
  void note(const std::string& what) const {
    std::cout << "  at rounds " << testing::PrintToString(rounds()) << ": " << what << std::endl;
  }
  void strike(const Command& run) {
    switch (draw(6)) {
      case 0:
        return kill_a_process(run);
      case 1:
        return kill_a_node(kWorkers);
      case 2:
        return kill_a_node({"a-server-0", "b-server-0"});
      case 3:
        return kill_a_node({"central-global-server-0"});
      case 4:
        return kill_a_node({"central-global-scheduler", "a-scheduler", "b-scheduler"});
      default:
        return pause_a_node();
    }
  }

  void expect_agreement(int rounds, const Command& run) const {
    const bool too_late = run.err().find("it came back when the others had finished") != std::string::npos;
    const double replicas = single(out(), "SELECT count(DISTINCT object) FROM events WHERE kind = 'replica'");
    EXPECT_GE(replicas, too_late ? 3 : 4);
    EXPECT_EQ(single(out(),
                     "SELECT count(DISTINCT json_extract(detail, '$.checksum')) FROM events "
                     "WHERE kind = 'replica'"),
              1);
    EXPECT_EQ(single(out(), "SELECT min(json_extract(detail, '$.round')) FROM events WHERE kind = 'replica'"), rounds);
    EXPECT_EQ(single(out(), "SELECT count(DISTINCT round) FROM steps"), rounds);
    EXPECT_EQ(single(out(), "SELECT max(round) FROM steps"), rounds);
  }

  void run_with(unsigned long seed, unsigned long faults) {
    std::cout << "GEOMX_CHAOS_SEED=" << seed << " GEOMX_CHAOS_FAULTS=" << faults << std::endl;
    random_.seed(seed);
    mark_ = "chaos-" + std::to_string(::getpid()) + "-" + std::to_string(seed);
    fs::remove_all(scratch_.path() / "checkpoints");
    const int rounds = kRoundsPerFault * static_cast<int>(faults + 1);
    write_scenario(faults, rounds);
    Command run(emu({"run", "chaos.json", "--out", out().string()}));
    ASSERT_TRUE(says(run, "lab up in ")) << run.err();
    ASSERT_TRUE(all_come_to(run, 2)) << run.err();
    const std::vector<ProcessInfo> tree = process_tree(run.pid());
    const std::set<std::string> namespaces = namespaces_of(tree);
    for (unsigned long fault = 0; fault < faults && !HasFailure(); ++fault) {
      strike(run);
      // Two rounds that nobody had begun.
      if (!all_come_to(run, std::min<long>(std::ranges::max(this->rounds()) + 2, rounds))) break;
    }
    const std::vector<ProcessInfo> everybody = process_tree(1);
    ASSERT_EQ(run.wait(kRecovery + kRecovery), 0) << run.err();
    EXPECT_EQ(read_json(out() / "summary.json")["status"], "ok");
    expect_agreement(rounds, run);
    EXPECT_TRUE(eventually(kSoon,
                           [&] {
                             return marked_processes(mark_).empty() && remaining(tree).empty() &&
                                    reachable(namespaces, everybody).empty();
                           }))
        << testing::PrintToString(marked_processes(mark_)) << testing::PrintToString(reachable(namespaces, everybody));
    EXPECT_EQ(interfaces(), interfaces_);
    EXPECT_THAT(lines_of("/proc/self/mountinfo"), testing::IsSubsetOf(mounts_));
    EXPECT_FALSE(fs::exists(scratch_.path() / "labs/geomx-emu/chaos"));
  }

  fs::path out() const { return scratch_.path() / mark_; }

  Scratch scratch_;
  std::string mark_;
  std::mt19937_64 random_;
  std::vector<std::string> interfaces_, mounts_;
};

TEST_F(LabChaos, LosesNoRoundAndLeavesNothing) {
  const unsigned long seed = number("GEOMX_CHAOS_SEED", std::random_device()() % 1000);
  for (unsigned long run = 0; run < number("GEOMX_CHAOS_RUNS", 1) && !HasFailure(); ++run) {
    run_with(seed + run, number("GEOMX_CHAOS_FAULTS", 2));
  }
  if (HasFailure()) {
    for (const fs::directory_entry& log : fs::directory_iterator(out() / "logs")) {
      std::cout << "--- " << log.path().filename().string() << "\n" << read_file(log.path());
    }
  }
}

}  // namespace
}  // namespace geomx::test
