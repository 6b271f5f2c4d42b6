#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "emulator/scenario/parse.h"
#include "emulator/scenario/presets.h"
#include "emulator/scenario/write.h"

// What a link can be beside rate, delay, jitter, loss and queue: presets and what overrides them, traces and their
// files.
namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string file(const std::string& properties) {
  return R"({"version": 1, "name": "s", "topology": {"datacenters": [{"name": "a"}, {"name": "b"}],
      "links": [{"name": "wan", "ends": ["a", "b"], )" +
         properties + "}]}}";
}

Link link(const std::string& properties, const std::vector<std::string>& overrides = {}) {
  return parse(file(properties), "s.json", overrides).topology.links[0];
}

TEST(Presets, GiveEachDirectionItsFigures) {
  const Link leo = link(R"("preset": "leo-satellite")");
  EXPECT_EQ(leo.forward.rate, BitsPerSecond{87'250'000});
  EXPECT_EQ(leo.backward.rate, BitsPerSecond{13'540'000});
  EXPECT_EQ(leo.forward.delay, Nanoseconds(25ms));
  EXPECT_EQ(leo.backward.jitter, Nanoseconds(10ms));
}

TEST(Presets, AreOverriddenKeyByKeyWhereverTheyStand) {
  const Link one = link(R"("delay": "40ms", "loss": "1%", "preset": "5g", "backward": {"rate": "30Mbit"})");
  EXPECT_EQ(one.forward.delay, Nanoseconds(40ms));
  EXPECT_EQ(one.forward.rate, BitsPerSecond{203'040'000});
  EXPECT_EQ(one.backward.rate, BitsPerSecond{30'000'000});
  EXPECT_EQ(one.backward.loss, Probability{0.01});
  // A direction's preset says nothing about the other one, and takes the figures of its side.
  const Link other = link(R"("rate": "1Gbit", "backward": {"preset": "4g"})");
  EXPECT_EQ(other.forward.rate, BitsPerSecond{1'000'000'000});
  EXPECT_EQ(other.backward.rate, BitsPerSecond{8'630'000});
}

TEST(Presets, AreWrittenAsWhatTheyMean) {
  const Scenario scenario = parse(file(R"("preset": "wifi")"), "s.json");
  const std::string text = write(scenario);
  EXPECT_EQ(text.find("preset"), std::string::npos);
  EXPECT_EQ(parse(text, "written"), scenario);
}

TEST(Presets, SayWhereTheyAreFromAndCanBeRead) {
  EXPECT_GE(presets().size(), 8u);
  for (const Preset& preset : presets()) {
    EXPECT_GT(preset.source.size(), 40u) << preset.name;
    EXPECT_TRUE(preset.down.rate && preset.down.delay && preset.up.rate && preset.up.delay) << preset.name;
    const Link made = link("\"preset\": \"" + preset.name + "\"");
    EXPECT_EQ(made.forward, preset.down);
    EXPECT_EQ(made.backward, preset.up);
  }
  EXPECT_EQ(find_preset("5G"), nullptr);
}

TEST(Rivals, TheOneThatIsSaidLaterInTheHierarchyHolds) {
  const char* table = R"({"table": [{"at": "0s", "rate": "1Mbit"}], "loop": false})";
  const Link traced = link(std::string(R"("preset": "4g", "trace": )") + table);
  EXPECT_EQ(traced.forward.rate, std::nullopt);
  ASSERT_TRUE(traced.forward.trace);
  EXPECT_EQ(traced.forward.trace->content->mean(), BitsPerSecond{1'000'000});
  const Link one_way = link(std::string(R"("trace": )") + table + R"(, "backward": {"rate": "5Mbit"})");
  EXPECT_TRUE(one_way.forward.trace);
  EXPECT_FALSE(one_way.backward.trace);
  EXPECT_EQ(one_way.backward.rate, BitsPerSecond{5'000'000});
  const Link losses = link(R"("gilbert_elliott": {"p": "1%", "r": "10%"}, "forward": {"loss": "2%"})");
  EXPECT_FALSE(losses.forward.gilbert_elliott);
  EXPECT_EQ(losses.backward.gilbert_elliott->loss_bad, Probability{1});
}

TEST(Rivals, AnOverrideTakesTheOtherAway) {
  const std::string text = R"("trace": {"table": [{"at": "0s", "rate": "1Mbit"}], "loop": false}, "loss": "1%",
      "backward": {"trace": {"table": [{"at": "0s", "rate": "2Mbit"}], "loop": false}})";
  const Link with_rate = link(text, {"topology.links.wan.rate=7Mbit"});
  EXPECT_EQ(with_rate.forward.rate, BitsPerSecond{7'000'000});
  EXPECT_EQ(with_rate.backward.rate, BitsPerSecond{7'000'000});
  EXPECT_FALSE(with_rate.forward.trace || with_rate.backward.trace);
  const Link bursts = link(text, {R"(topology.links.wan.gilbert_elliott={"p": "1%", "r": "5%"})"});
  EXPECT_FALSE(bursts.forward.loss);
  EXPECT_TRUE(bursts.backward.gilbert_elliott);
  EXPECT_TRUE(link(text, {"topology.links.wan.loss=null"}).forward.trace);
}

class TraceFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("traces-" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "deeper");
    std::ofstream(folder_ / "deeper" / "lte.trace") << "1\n2\n2\n8\n";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string complaint(const std::string& properties) const {
    try {
      parse(file(properties), (folder_ / "s.json").string());
      return "accepted";
    } catch (const ScenarioErrors& errors) {
      return errors.what();
    }
  }

  fs::path folder_;
};

TEST_F(TraceFiles, AreFoundBesideTheScenario) {
  const Scenario scenario =
      parse(file(R"("trace": {"file": "deeper/lte.trace", "loop": false})"), (folder_ / "s.json").string());
  const Trace& trace = *scenario.topology.links[0].forward.trace;
  EXPECT_EQ(trace.file, (folder_ / "deeper" / "lte.trace").string());
  EXPECT_EQ(trace.content->name, "lte.trace");
  EXPECT_EQ(trace.content->deliveries.size(), 4u);
  EXPECT_FALSE(trace.content->loop);
  // As it is written it can be read from anywhere.
  EXPECT_EQ(parse(write(scenario), "/elsewhere/s.json"), scenario);
}

TEST_F(TraceFiles, AreJudgedLineByLine) {
  std::ofstream(folder_ / "bad.trace") << "1\ntwo\n";
  EXPECT_NE(complaint(R"("trace": {"file": "bad.trace"})")
                .find("/topology/links/0/trace/file: bad.trace: line 2: "
                      "\"two\" is not a time"),
            std::string::npos)
      << complaint(R"("trace": {"file": "bad.trace"})");
  EXPECT_NE(complaint(R"("trace": {"file": "none"})").find("none: cannot read the trace: No such file or directory"),
            std::string::npos)
      << complaint(R"("trace": {"file": "none"})");
}

}  // namespace
}  // namespace geomx::scenario
