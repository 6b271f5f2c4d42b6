#include "emulator/scenario/link_patch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "emulator/base/error.h"

namespace geomx::scenario {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

LinkProperties slow() {
  LinkProperties properties;
  properties.rate = BitsPerSecond{10'000'000};
  properties.delay = 20ms;
  properties.loss = Probability{0.01};
  return properties;
}

std::string refusal(const std::vector<std::string>& assignments) {
  try {
    patched(slow(), parse_patch(assignments), "wan-a");
  } catch (const InputError& error) {
    return error.line();
  }
  return "accepted";
}

TEST(LinkPatch, ChangesWhatItNamesAndNothingElse) {
  const LinkProperties after = patched(slow(), parse_patch({"rate=1.5Mbit", "queue=50packets", "loss=none"}), "wan-a");
  EXPECT_EQ(after.rate, BitsPerSecond{1'500'000});
  EXPECT_EQ(after.delay, 20ms);
  EXPECT_FALSE(after.loss);
  EXPECT_EQ(std::get<QueuePackets>(after.queue).count, 50u);
}

TEST(LinkPatch, ChangesNothingToWhatIsThere) {
  EXPECT_EQ(patched(slow(), {}, "wan-a"), slow());
}

TEST(LinkPatch, IsHeldToWhatAFileIsHeldTo) {
  EXPECT_THAT(refusal({"rat=10Mbit"}), HasSubstr("wan-a: rat: unknown key \"rat\""));
  EXPECT_THAT(refusal({"rat=none"}), HasSubstr("unknown key"));
  EXPECT_THAT(refusal({"rate=10"}), HasSubstr("wan-a: rate: "));
  EXPECT_THAT(refusal({"rate=100Gbit"}), HasSubstr("out of range"));
  EXPECT_THAT(refusal({"jitter=30ms"}), HasSubstr("jitter 30ms is more than the delay 20ms"));
  EXPECT_THAT(refusal({"delay=none", "jitter=1ms"}), HasSubstr("more than the delay"));
  EXPECT_THAT(refusal({"rate"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(refusal({"=10Mbit"}), HasSubstr("KEY=VALUE"));
  EXPECT_THAT(refusal({"rate=1Mbit", "rate=2Mbit"}), HasSubstr("twice"));
  EXPECT_EQ(refusal({"jitter=20ms"}), "accepted");
}

TEST(LinkPatch, ReplacesWhatSaysTheSameInAnotherWay) {
  const std::string steps = R"(trace={"table": [{"at": "0s", "rate": "1Mbit"}], "loop": false})";
  const LinkProperties traced = patched(slow(), parse_patch({steps}), "wan-a");
  EXPECT_FALSE(traced.rate);
  ASSERT_TRUE(traced.trace && traced.trace->content);
  EXPECT_EQ(traced.trace->content->mean(), BitsPerSecond{1'000'000});
  const LinkProperties again = patched(traced, parse_patch({"rate=2Mbit"}), "wan-a");
  EXPECT_FALSE(again.trace);
  EXPECT_EQ(again.rate, BitsPerSecond{2'000'000});
  const LinkProperties bursts = patched(slow(), parse_patch({R"(gilbert_elliott={"p": "1%", "r": "20%"})"}), "wan-a");
  EXPECT_FALSE(bursts.loss);
  EXPECT_EQ(bursts.gilbert_elliott->r.value, 0.2);
  EXPECT_THAT(refusal({"rate=1Mbit", steps}), HasSubstr("exclude each other"));
  EXPECT_FALSE(patched(traced, parse_patch({"trace=none"}), "wan-a").limited());
}

TEST(LinkPatch, ReadsTheFileOfANewTraceAndKeepsWhatWasReadOfAnOld) {
  const std::string path = ::testing::TempDir() + "link_patch.trace";
  std::ofstream(path) << "4\n4\n10\n";
  const std::vector<std::string> assignment{R"(trace={"file": ")" + path + R"("})"};
  const LinkProperties traced = patched(slow(), parse_patch(assignment), "wan-a");
  ASSERT_TRUE(traced.trace && traced.trace->content);
  EXPECT_EQ(traced.trace->content->deliveries.size(), 3u);
  std::filesystem::remove(path);
  EXPECT_EQ(patched(traced, parse_patch({"delay=1ms"}), "wan-a").trace, traced.trace);
  EXPECT_THAT(refusal(assignment), HasSubstr("wan-a: trace/file: " + path + ": cannot read the trace"));
}

TEST(LinkPatch, GivesWholePathsToAnotherProcess) {
  EXPECT_EQ(with_absolute_paths(R"(trace={"file": "../4g.trace"})", "/home/ada"), R"(trace={"file":"/home/4g.trace"})");
  EXPECT_EQ(with_absolute_paths(R"(trace={"file": "/tmp/4g.trace"})", "/home/ada"),
            R"(trace={"file":"/tmp/4g.trace"})");
  EXPECT_EQ(with_absolute_paths("trace=nonsense", "/home/ada"), "trace=nonsense");
  EXPECT_EQ(with_absolute_paths("rate=1Mbit", "/home/ada"), "rate=1Mbit");
}

TEST(LinkPatch, LiesBetweenTwoOthers) {
  EXPECT_EQ(between("rate", R"("10Mbit")", R"("20Mbit")", 0.5), R"("15Mbit")");
  EXPECT_EQ(between("delay", R"("10ms")", R"("0ms")", 0.25), R"("7.5ms")");
  EXPECT_EQ(between("loss", R"("0%")", R"("10%")", 1), R"("10%")");
  EXPECT_THROW(between("queue", R"("10packets")", R"("20packets")", 0.5), InputError);
  EXPECT_EQ(text_of(slow(), "delay"), R"("20ms")");
  EXPECT_EQ(text_of(LinkProperties{}, "delay"), R"("0ms")");
  EXPECT_EQ(text_of(LinkProperties{}, "rate"), "null");
}

TEST(LinkPatch, SaysWhatItDoes) {
  EXPECT_EQ(describe(parse_patch({"rate=10Mbit", "delay=none"})), "delay=none rate=10Mbit");
}

}  // namespace
}  // namespace geomx::scenario
