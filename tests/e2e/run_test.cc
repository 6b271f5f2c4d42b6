#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>

#include "tests/e2e/emu.h"
#include "tests/support/run_database.h"

// `geomx-emu run` from beginning to end, as root and as an ordinary user: what it leaves is held against the contract
// field by field, and against what the training must have moved over the network.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::uint64_t kModelBytes = 178'762 * 4;

class Run : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(unprivileged());
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
  static bool unprivileged() { return GetParam(); }

  Invocation run(const fs::path& scenario, const std::vector<std::string>& more) const {
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string(), "run", scenario.string()};
    invocation.argv.insert(invocation.argv.end(), more.begin(), more.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}};
    invocation.unprivileged = unprivileged();
    return invocation;
  }

  Scratch scratch_;
};

TEST_P(Run, TrainsAndLeavesWhatTheContractSays) {
  const int rounds = 20;
  Command command(run(source("scenarios/three-dc.json"),
                      {"--out", "out", "--json", "--set", "training.rounds=20", "--set", "expect.0.min=0.2"}));
  ASSERT_EQ(command.wait(seconds(120)), 0) << command.err();
  const fs::path folder = scratch_.path() / "out";
  const json summary = read_json(folder / "summary.json");
  EXPECT_EQ(json::parse(command.out()), summary);

  EXPECT_EQ(summary["status"], "ok");
  EXPECT_TRUE(summary["error"].is_null());
  EXPECT_GT(summary["wall_seconds"], 0.5);
  EXPECT_EQ(summary["lab"]["nodes"], 15);  // twelve roles and three gateways
  EXPECT_EQ(summary["lab"]["links"], 14);  // a cable for each role and two WAN links
  EXPECT_GT(summary["lab"]["up_seconds"], 0.0);
  EXPECT_LT(summary["lab"]["up_seconds"], summary["wall_seconds"]);
  EXPECT_GT(summary["lab"]["down_seconds"], 0.0);

  const json& training = summary["training"];
  EXPECT_EQ(training["rounds"], rounds);
  EXPECT_EQ(training["samples"], rounds * 4 * 32);
  EXPECT_GT(training["test_accuracy"], 0.2);
  EXPECT_LE(training["test_accuracy"], 1.0);
  EXPECT_GT(training["samples_per_second"], 1.0);
  EXPECT_TRUE(training["seconds_to_accuracy"].is_object());
  // Per round and party a gradient goes up and the new values come down; headers, heartbeats and the initial values are
  // less than a quarter more.
  const std::uint64_t payload = rounds * 2 * 2 * kModelBytes;
  EXPECT_GT(training["wan_bytes"], payload);
  EXPECT_LT(training["wan_bytes"], payload * 5 / 4);
  EXPECT_GT(training["lan_bytes"], training["wan_bytes"]);

  // What a round went to: at a worker, and at the servers that it waits for. A WAN has 30 ms each way and takes 57 ms
  // for the model's bytes.
  std::map<std::string, json> times;
  for (const json& node : training["timeline"]) times[node["node"]] = node;
  EXPECT_EQ(times.size(), 4u + 2u + 1u);
  for (const auto& [node, time] : times) {
    EXPECT_EQ(time["rounds"], rounds) << node;
    if (node.find("worker") != std::string::npos) {
      EXPECT_GT(time["compute_ms"], 0.1) << node;
      EXPECT_GT(time["wait_ms"], 2 * 30.0) << node;  // the party server's push and pull
      EXPECT_LT(time["pull_ms"], time["wait_ms"]) << node;
    } else if (node.find("global") == std::string::npos) {
      EXPECT_GT(time["push_ms"], 30.0 + 30) << node;
      EXPECT_GT(time["pull_ms"], 30.0) << node;
    }
  }

  ASSERT_EQ(summary["links"].size(), 28u);
  std::uint64_t wan_bytes = 0;
  std::vector<std::string> wan;
  for (const json& link : summary["links"]) {
    EXPECT_TRUE(link["drops"].is_number_unsigned());
    if (link["scope"] != "wan") continue;
    wan.push_back(link["name"].get<std::string>() + " " + link["direction"].get<std::string>());
    wan_bytes += link["bytes"].get<std::uint64_t>();
    EXPECT_EQ(link["asked"]["rate"], "100Mbit");
    EXPECT_EQ(link["asked"]["delay"], "30ms");
    EXPECT_TRUE(link["asked"]["loss"].is_null());
    EXPECT_TRUE(link["measured"]["delay"].is_string()) << link;
    EXPECT_TRUE(link["measured"]["idle_rtt"].is_string()) << link;
  }
  EXPECT_THAT(wan, testing::UnorderedElementsAre("wan-a central->a", "wan-a a->central", "wan-b central->b",
                                                 "wan-b b->central"));
  EXPECT_EQ(training["wan_bytes"], wan_bytes);
  EXPECT_THAT(summary["fidelity"]["verdict"], testing::AnyOf("faithful", "degraded"));
  EXPECT_EQ(summary["fidelity"]["reasons"].empty(), summary["fidelity"]["verdict"] == "faithful");
  ASSERT_EQ(summary["expectations"].size(), 1u);
  EXPECT_EQ(summary["expectations"][0]["metric"], "training.test_accuracy");
  EXPECT_EQ(summary["expectations"][0]["value"], training["test_accuracy"]);
  EXPECT_EQ(summary["expectations"][0]["met"], true);

  const json record = read_json(folder / "run.json");
  EXPECT_EQ(record["seed"], 7);
  EXPECT_EQ(record["status"], "ok");
  EXPECT_GT(record["end"]["seconds_since_epoch"], record["start"]["seconds_since_epoch"]);
  EXPECT_EQ(record["shapers"].size(), 14u);
  EXPECT_EQ(record["root"], !unprivileged());
  EXPECT_EQ(read_json(folder / "scenario.json")["training"]["rounds"], rounds);
  EXPECT_TRUE(fs::exists(folder / "run.sqlite"));
  EXPECT_FALSE(fs::exists(folder / "run.sqlite-wal"));  // closed in good order
  for (const char* node : {"central-global-scheduler", "central-master", "a-server-0", "b-worker-1"}) {
    EXPECT_TRUE(fs::exists(folder / "logs" / (std::string(node) + ".log"))) << node;
  }
  EXPECT_EQ(query(folder, "SELECT count(*) FROM rounds"), std::vector<double>{7.0 * rounds});
  EXPECT_THAT(query(folder,
                    "SELECT max(abs(steps.communicate_ms - push_ms - wait_ms - pull_ms)) FROM steps JOIN "
                    "rounds USING (node, round)"),
              testing::ElementsAre(testing::Le(0.001)));
}

// The master of a central party that trains is its first worker.
TEST_P(Run, TheCentralPartyTrainsToo) {
  for (const int workers : {1, 2}) {
    const std::string out = "out-" + std::to_string(workers);
    Command command(run(source("scenarios/three-dc.json"),
                        {"--out", out, "--quiet", "--set", "training.rounds=3", "--set", "expect=[]", "--set",
                         "training.parties.central.workers=" + std::to_string(workers)}));
    ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
    const json summary = read_json(scratch_.path() / out / "summary.json");
    EXPECT_EQ(summary["status"], "ok");
    EXPECT_EQ(summary["lab"]["nodes"], 15 + workers - 1);
    EXPECT_EQ(summary["training"]["rounds"], 3);
    EXPECT_EQ(summary["training"]["samples"], 3 * 32 * (4 + workers));
    EXPECT_TRUE(summary["training"]["test_accuracy"].is_number());
    // Central workers reach the global server without a WAN: two parties' values go up and down, as without them.
    EXPECT_GT(summary["training"]["wan_bytes"], 3 * 2 * 2 * kModelBytes);
    EXPECT_LT(summary["training"]["wan_bytes"], (3 + 1) * 2 * 2 * kModelBytes);
  }
}

TEST_P(Run, ACentralPartyTrainsAlone) {
  std::ofstream(scratch_.path() / "alone.json") << R"({
    "version": 1, "name": "alone", "topology": {"datacenters": [{"name": "central"}]},
    "training": {"parties": [{"datacenter": "central", "global_servers": 1, "workers": 2}], "rounds": 3}})";
  Command command(run(scratch_.path() / "alone.json", {"--out", "out", "--quiet"}));
  ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
  const json summary = read_json(scratch_.path() / "out/summary.json");
  EXPECT_EQ(summary["lab"]["nodes"], 6);  // two schedulers, a server, the master and a worker, and the gateway
  EXPECT_EQ(summary["training"]["samples"], 3 * 32 * 2);
  EXPECT_EQ(summary["training"]["wan_bytes"], 0);
}

// Keys are made for the run, and stay between its processes.
TEST_P(Run, AResNet18TrainsAndItsLongEvaluationIsNoStandstill) {
  if (unprivileged()) GTEST_SKIP() << "once is enough: what is computed knows nothing of its user";
  constexpr std::uint64_t kParameters = 11'172'810;  // of images with one channel
  Command command(run(source("scenarios/three-dc.json"),
                      {"--out", "out", "--set", "training.model=resnet18", "--set", "training.rounds=2", "--set",
                       "expect=[]", "--set", "topology.links.*.rate=1Gbit"}));
  ASSERT_EQ(command.wait(seconds(500)), 0) << command.err();
  const json training = read_json(scratch_.path() / "out/summary.json")["training"];
  EXPECT_EQ(training["rounds"], 2);
  EXPECT_GT(training["test_accuracy"], 0.05);  // ten classes; two steps teach little
  // To each of two parties the initial values, and per round a gradient up and the new values down.
  const std::uint64_t payload = 2 * (1 + 2 * 2) * 4 * kParameters;
  EXPECT_GT(training["wan_bytes"], payload);
  EXPECT_LT(training["wan_bytes"], payload * 5 / 4);
  EXPECT_THAT(command.err(), HasSubstr("evaluating, "));
}

TEST_P(Run, ASecuredJobTrainsAndItsKeysAreWrittenNowhere) {
  Command command(run(source("scenarios/three-dc.json"), {"--out", "out", "--set", "training.rounds=5", "--set",
                                                          "training.security=curve", "--set", "expect.0.min=0"}));
  ASSERT_EQ(command.wait(seconds(120)), 0) << command.err();
  const fs::path folder = scratch_.path() / "out";
  EXPECT_EQ(read_json(folder / "summary.json")["training"]["rounds"], 5);
  EXPECT_EQ(read_json(folder / "scenario.json")["training"]["security"], "curve");
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(bytes.find("SECRET_KEY"), std::string::npos) << entry.path();
    EXPECT_EQ(bytes.find("rejected"), std::string::npos) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 15);  // a log for each role, and the results
}

TEST_P(Run, AnExpectationUnmetMakesTheExitCodeOne) {
  Command command(run(source("scenarios/three-dc.json"),
                      {"--out", "out", "--quiet", "--set", "training.rounds=2", "--set", "expect.0.min=1.5"}));
  ASSERT_EQ(command.wait(seconds(60)), 1) << command.err();
  EXPECT_EQ(command.out(), "");
  EXPECT_EQ(command.err(), "geomx-emu: expected training.test_accuracy >= 1.5: not met\n");
  const json summary = read_json(scratch_.path() / "out" / "summary.json");
  EXPECT_EQ(summary["status"], "ok");
  EXPECT_EQ(summary["expectations"][0]["met"], false);
}

TEST_P(Run, AWorkloadsOutputAndTrafficAreKept) {
  Command command(run(source("scenarios/lossy-link.json"),
                      {"--set", "workload.0.argv.4=\"100\"", "--set", "expect.0.max=30", "--set", "expect.0.min=0"}));
  ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
  ASSERT_TRUE(fs::exists(scratch_.path() / "runs"));
  const fs::path folder = fs::directory_iterator(scratch_.path() / "runs")->path();
  EXPECT_THAT(read_file(folder / "logs" / "h1.log"), HasSubstr("100 packets transmitted"));
  EXPECT_THAT(command.out(), HasSubstr("lossy-link: ok"));
  EXPECT_THAT(command.out(), HasSubstr(folder.filename().string()));
  const json summary = read_json(folder / "summary.json");
  EXPECT_TRUE(summary["training"].is_null());
  EXPECT_EQ(summary["lab"]["nodes"], 2);
  ASSERT_EQ(summary["links"].size(), 2u);
  // 100 echo requests of 98 bytes, less what was lost; the answers likewise.
  for (const json& link : summary["links"]) {
    EXPECT_LE(link["bytes"], 100 * 98 + 500);
    EXPECT_GE(link["bytes"], 80 * 98);
  }
}

TEST_P(Run, BackgroundCommandsEndWithTheOthers) {
  std::ofstream(scratch_.path() / "background.json") << R"({
    "version": 1, "name": "background",
    "topology": {"nodes": [{"name": "h1", "kind": "host"}, {"name": "h2", "kind": "host"}],
                 "links": [{"name": "cable", "ends": ["h1", "h2"], "rate": "10Mbit"}]},
    "workload": [{"node": "h2", "argv": ["sleep", "1000"], "background": true},
                 {"node": "h1", "argv": ["sh", "-c", "echo working; pwd"], "at": "200ms"}]})";
  Command command(run(scratch_.path() / "background.json", {"--out", "out"}));
  ASSERT_EQ(command.wait(seconds(20)), 0) << command.err();
  EXPECT_EQ(read_file(scratch_.path() / "out/logs/h1.log"), "working\n" + scratch_.path().string() + "\n");
}

// Neither a command that says nothing nor one that is to start later is a standstill.
TEST_P(Run, AQuietWorkloadIsNoStandstill) {
  std::ofstream(scratch_.path() / "quiet.json") << R"({
    "version": 1, "name": "quiet", "topology": {"nodes": [{"name": "h1"}]},
    "workload": [{"node": "h1", "argv": ["sleep", "2"]}, {"node": "h1", "argv": ["true"], "at": "3500ms"}]})";
  Command command(run(scratch_.path() / "quiet.json", {"--out", "out", "--stall", "1"}));
  ASSERT_EQ(command.wait(seconds(20)), 0) << command.err();
  EXPECT_GT(read_json(scratch_.path() / "out/summary.json")["wall_seconds"], 3.5);
}

// 98 bytes of a ping take 49 ms at 16 kbit/s: pings that are sent sooner than that wait for each other.
TEST_P(Run, TheIdleRoundTripOfASlowLinkIsNotItsQueue) {
  std::ofstream(scratch_.path() / "slow.json") << R"({
    "version": 1, "name": "slow", "topology": {"nodes": [{"name": "h1"}, {"name": "h2"}],
      "links": [{"name": "modem", "ends": ["h1", "h2"], "rate": "16kbit", "delay": "10ms"}]},
    "workload": [{"node": "h1", "argv": ["true"]}]})";
  Command command(run(scratch_.path() / "slow.json", {"--out", "out"}));
  ASSERT_EQ(command.wait(seconds(20)), 0) << command.err();
  const json summary = read_json(scratch_.path() / "out/summary.json");
  const std::string rtt = summary["links"][0]["measured"]["idle_rtt"];
  EXPECT_TRUE(rtt.ends_with("ms")) << rtt;
  EXPECT_NEAR(std::stod(rtt), 118, 5) << rtt;
  EXPECT_THAT(summary["fidelity"]["not_measured"],
              testing::ElementsAre("modem h1->h2: rate", "modem h2->h1: rate"));  // nothing ever waited
  EXPECT_THAT(command.out(), HasSubstr("rate not measured, never under load: modem h1->h2, modem h2->h1"));
}

TEST_P(Run, ACommandThatFailsFailsTheRun) {
  Command command(run(source("scenarios/lossy-link.json"),
                      {"--set", R"(workload.0.argv=["sh","-c","echo no such luck; exit 3"])"}));
  ASSERT_EQ(command.wait(seconds(20)), 1);
  EXPECT_THAT(command.err(), HasSubstr("geomx-emu: h1: sh: exited with code 3: no such luck"));
}

TEST_P(Run, AFolderOfSomethingElseIsNotTouched) {
  fs::create_directory(scratch_.path() / "mine");
  std::ofstream(scratch_.path() / "mine" / "thesis.tex") << "years of work";
  Command command(run(source("scenarios/lossy-link.json"), {"--out", "mine"}));
  ASSERT_EQ(command.wait(seconds(20)), 2);
  EXPECT_THAT(command.err(), HasSubstr("mine: the folder is not empty"));
  EXPECT_EQ(read_file(scratch_.path() / "mine" / "thesis.tex"), "years of work");
}

INSTANTIATE_TEST_SUITE_P(As, Run, testing::Bool(), [](const auto& tested) { return tested.param ? "user" : "root"; });

}  // namespace
}  // namespace geomx::test
