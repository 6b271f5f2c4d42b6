// What a run tells of nodes that were lost, and what it keeps so that a later one goes on: through the scenario file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/emu.h"
#include "tests/support/run_database.h"

namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr seconds kSoon(60);

class RunFaults : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << missing;
  }

  Invocation emu(const std::vector<std::string>& arguments) const {
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string()};
    invocation.argv.insert(invocation.argv.end(), arguments.begin(), arguments.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}};
    return invocation;
  }
  Invocation run(const std::string& out, const std::vector<std::string>& settings) const {
    std::vector<std::string> arguments{"run", source("scenarios/three-dc.json").string(), "--out", out};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    return emu(arguments);
  }
  void act(const std::string& node, const std::string& what) const {
    Command command(emu({"node", "three-dc", node, what}));
    ASSERT_EQ(command.wait(kSoon), 0) << command.err();
  }
  // Of a run that may still go on, and whose database may not be there yet.
  bool told(const std::string& kind, const std::string& node) const {
    try {
      return single(scratch_.path() / "out",
                    "SELECT count(*) FROM events WHERE kind = '" + kind + "' AND object = '" + node + "'") > 0;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
  json summary() const { return read_json(scratch_.path() / "out/summary.json"); }

  Scratch scratch_;
};

TEST_F(RunFaults, ALostWorkerAndItsReturnAreInTheSummary) {
  constexpr int kRounds = 100;
  Command command(run("out", {"training.rounds=" + std::to_string(kRounds), "expect=null",
                              R"(training.faults={"heartbeat_interval": "200ms", "heartbeat_timeout": "1s"})"}));
  ASSERT_TRUE(eventually(kSoon, [&] { return command.err().find("/100 rounds") != std::string::npos; }))
      << command.err();
  act("a-worker-1", "kill");
  ASSERT_TRUE(eventually(kSoon, [&] { return told("lost", "a-worker-1"); })) << command.err();
  act("a-worker-1", "restart");
  ASSERT_EQ(command.wait(seconds(120)), 0) << command.err();

  const json faults = summary().at("training").at("faults");
  EXPECT_EQ(faults.at("lost"), 1);
  EXPECT_EQ(faults.at("returned"), 1);
  EXPECT_GT(faults.at("missing_gradients"), 0);
  EXPECT_LT(faults.at("missing_gradients"), kRounds);
  EXPECT_TRUE(told("returned", "a-worker-1"));
  const fs::path folder = scratch_.path() / "out";
  EXPECT_EQ(single(folder, "SELECT sum(workers) FROM absences WHERE node = 'a-server-0'"),
            faults.at("missing_gradients").get<double>());
  EXPECT_EQ(single(folder, "SELECT count(*) FROM absences WHERE node = 'b-server-0'"), 0);
  EXPECT_THAT(command.out(), HasSubstr("faults: 1 node lost, 1 back; rounds closed without "));
  EXPECT_THAT(command.out(), HasSubstr("\n    a-worker-1: lost at "));
}

// A worker that nobody may go on without, and that does not come back.
TEST_F(RunFaults, WhoIsWaitedForInVainEndsTheRun) {
  Command command(run("out", {"training.rounds=1000000", "expect=null",
                              R"(training.faults={"heartbeat_interval": "200ms", "heartbeat_timeout": "1s",
                                                  "on_worker_death": "wait", "rejoin_timeout": "2s"})"}));
  ASSERT_TRUE(eventually(kSoon, [&] { return command.err().find("/1000000 rounds") != std::string::npos; }))
      << command.err();
  act("a-worker-1", "kill");
  ASSERT_EQ(command.wait(kSoon), 1) << command.err();
  EXPECT_THAT(command.err(), HasSubstr("was lost and has not come back within 2 s (GEOMX_REJOIN_TIMEOUT)"));
  EXPECT_EQ(summary().at("training").at("faults").at("lost"), 1);
  EXPECT_EQ(summary().at("training").at("faults").at("missing_gradients"), 0);
}

TEST_F(RunFaults, ALaterRunGoesOnFromTheCheckpointsOfAnEarlierOne) {
  Command first(run("first", {"training.rounds=12", "expect=null", R"(training.checkpoint={"every": 1})"}));
  ASSERT_EQ(first.wait(seconds(120)), 0) << first.err();
  const fs::path kept = scratch_.path() / "first/checkpoints";
  ASSERT_TRUE(fs::exists(kept / "global-server-0.checkpoint"));
  ASSERT_TRUE(fs::exists(kept / "worker-0-round-12.safetensors"));
  EXPECT_FALSE(fs::exists(kept / "worker-1-round-12.safetensors"));

  const std::vector<std::string> resumed{"training.rounds=20", "expect=null",
                                         R"(training.checkpoint={"dir": "first/checkpoints", "resume": true})"};
  Command second(run("out", resumed));
  ASSERT_EQ(second.wait(seconds(120)), 0) << second.err();
  const fs::path folder = scratch_.path() / "out";
  const double from = single(folder, "SELECT min(round) FROM steps");
  EXPECT_GT(from, 1);
  EXPECT_LE(from, 13);
  EXPECT_EQ(single(folder, "SELECT max(round) FROM steps"), 20);
  EXPECT_FALSE(fs::exists(folder / "checkpoints"));
  EXPECT_TRUE(fs::exists(kept / "worker-0-round-20.safetensors"));

  Command missing(run("out", {"training.checkpoint.dir=nowhere", "training.checkpoint.resume=true"}));
  EXPECT_EQ(missing.wait(kSoon), 2) << missing.err();
  EXPECT_THAT(missing.err(), HasSubstr("nowhere/global-server-0.checkpoint: there is no such checkpoint"));
}

// Workers speak to each other, and datagrams travel, by keys that nobody finds in the folder.
TEST_F(RunFaults, ASecuredJobsOverlayAndDatagramsHaveTheirKeys) {
  Command command(run("out", {"training.rounds=6", "expect=null", "training.security=curve",
                              R"(training.flow={"dgt": {"k": 0.5}, "tsengine": {"within_parties": true}})"}));
  ASSERT_EQ(command.wait(seconds(120)), 0) << command.err();
  EXPECT_EQ(summary().at("training").at("rounds"), 6);
  for (const char* name : {"scenario.json", "run.json", "logs/a-server-0.log", "logs/central-global-server-0.log"}) {
    EXPECT_THAT(read_file(scratch_.path() / "out" / name), testing::Not(HasSubstr("GEOMX_DGT_KEY"))) << name;
  }
}

}  // namespace
}  // namespace geomx::test
