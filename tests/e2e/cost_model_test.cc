#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include "tests/e2e/emu.h"
#include "tests/support/run_database.h"

// Workers that compute nothing, in labs: a few in the fast suite, a hundred in the slow one.
namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

class CostModel : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << missing;
  }

  Invocation run(const fs::path& scenario, const std::vector<std::string>& more) const {
    Invocation invocation;
    invocation.argv = {binary("geomx-emu").string(), "run", scenario.string(), "--out", "out"};
    invocation.argv.insert(invocation.argv.end(), more.begin(), more.end());
    invocation.directory = scratch_.path();
    invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch_.path() / "labs"}};
    return invocation;
  }
  json summary() const { return read_json(scratch_.path() / "out/summary.json"); }

  // The demo's job with workers that compute nothing.
  fs::path three_dc(const std::string& name, const json& more) const {
    json scenario = read_json(source("scenarios/three-dc.json"));
    json& training = scenario["training"];
    for (const char* key : {"model", "dataset", "epochs"}) training.erase(key);
    training.update({{"device", "model"}, {"profile", "cnn"}, {"rounds", 10}});
    training.update(more);
    scenario.erase("expect");
    scenario["name"] = name;
    const fs::path path = scratch_.path() / (name + ".json");
    std::ofstream(path) << scenario.dump(1);
    return path;
  }

  Scratch scratch_;
};

TEST_F(CostModel, TakesTheProfilesTimeAndBytesAndInventsNoLoss) {
  const fs::path scenario = three_dc("quiet", {{"compute_seconds", 0.1}, {"stragglers", {{"b-worker-1", 2}}}});
  Command command(run(scenario, {}));
  ASSERT_EQ(command.wait(seconds(60)), 0) << command.err();
  const json training = summary()["training"];
  EXPECT_EQ(training["rounds"], 10);
  EXPECT_EQ(training["samples"], 10 * 4 * 32);
  for (const char* key : {"test_accuracy", "test_loss", "train_loss"}) EXPECT_TRUE(training[key].is_null()) << key;
  EXPECT_TRUE(training["seconds_to_accuracy"].empty());
  // Ten times up and down each of two WAN links, and the initial values; headers and all.
  const double model = 178'762 * 4.0;
  EXPECT_GT(training["wan_bytes"], 2 * 20 * model);
  EXPECT_LT(training["wan_bytes"], 2 * 24 * model);
  for (const json& node : training["timeline"]) {
    const std::string name = node["node"];
    if (name.find("worker") == std::string::npos) continue;
    const double asked = name == "b-worker-1" ? 200 : 100;
    EXPECT_GE(node["compute_ms"], asked - 1) << name;
    EXPECT_LE(node["compute_ms"], asked + 60) << name;  // on a busy machine
  }
  EXPECT_EQ((command.out() + command.err()).find("loss 0"), std::string::npos);
  EXPECT_EQ((command.out() + command.err()).find("accuracy"), std::string::npos);
  EXPECT_EQ(read_file(scratch_.path() / "out/logs/a-worker-0.log").find("loss"), std::string::npos);
}

TEST_F(CostModel, CtrlCEndsWorkersInTheMiddleOfAStep) {
  Command command(run(three_dc("long", {{"compute_seconds", 3600}}), {}));
  const fs::path log = scratch_.path() / "out/logs/b-worker-1.log";
  ASSERT_TRUE(eventually(seconds(60), [&] { return read_file(log).find("training") != std::string::npos; }));
  command.signal(SIGINT);
  ASSERT_EQ(command.wait(seconds(10)), 1);
  EXPECT_EQ(summary()["status"], "interrupted");
}

TEST_F(CostModel, TooLargeALoadIsToldBeforeAnythingIsMade) {
  const fs::path scenario = three_dc("large", {{"profile", "vgg16"}, {"compute_seconds", 0.001}});
  // No link that would slow it down.
  const std::vector<std::string> without_rate{"--set", "topology.links.*.rate=40Gbit", "--set",
                                              "training.parties.1.workers=64"};
  Command refused(run(scenario, without_rate));
  ASSERT_EQ(refused.wait(seconds(30)), 2);
  EXPECT_THAT(refused.err(), HasSubstr("this machine is too small for it: exchange: "));
  EXPECT_FALSE(fs::exists(scratch_.path() / "out"));
}

// The acceptance: 100 workers in 10 parties on two cores.
TEST_F(CostModel, AHundredWorkersOnTwoCoresAreFaithful) {
  Command command(run(source("scenarios/hundred-workers.json"), {"--json"}));
  ASSERT_EQ(command.wait(seconds(300)), 0) << command.err();
  const json result = summary();
  EXPECT_EQ(result["training"]["rounds"], 30);
  EXPECT_EQ(result["training"]["samples"], 30 * 100 * 32);
  EXPECT_EQ(result["fidelity"]["verdict"], "faithful") << result["fidelity"].dump(1);
  std::cout << "up in " << result["lab"]["up_seconds"] << " s, " << result["training"]["samples_per_second"]
            << " samples/s, all in " << result["wall_seconds"] << " s\n";
}

}  // namespace
}  // namespace geomx::test
