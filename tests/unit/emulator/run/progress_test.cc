#include "emulator/run/progress.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "emulator/run/idle_rtt.h"

namespace geomx::run {
namespace {

ProgressState half_way() {
  ProgressState state;
  state.elapsed_seconds = 65;
  state.total_rounds = 100;
  TrainingResult training;
  training.rounds = 50;
  training.samples = 6400;
  training.samples_per_second = 100;
  training.train_loss = 0.5321;
  training.test_accuracy = 0.812;
  state.training = training;
  state.wan_rates = {{"central->a", 12.3e6}};
  return state;
}

TEST(Progress, LineForAFile) {
  EXPECT_EQ(progress_line(half_way(), 0),
            "1:05  50/100 rounds  loss 0.532  accuracy 81.2%  100 samples/s  1:04 left  central->a 12.3Mbit");
}

TEST(Progress, SaysHowFarALongEvaluationIs) {
  ProgressState state = half_way();
  state.training->evaluated = 0.256;
  EXPECT_NE(progress_line(state, 0).find("loss 0.532  evaluating, 26% done  accuracy"), std::string::npos);
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(progress_json(state))["evaluated"].get<double>(), 0.256);
}

TEST(Progress, BarForATerminalKeepsToItsWidth) {
  const std::string line = progress_line(half_way(), 200);
  EXPECT_EQ(line.substr(0, 43), "1:05  [##########..........] 50/100 rounds ");
  EXPECT_EQ(progress_line(half_way(), 30).size(), 30u);
}

TEST(Progress, SaysWhoIsAwaitedBeforeTheFirstRound) {
  ProgressState state = half_way();
  state.training->rounds = 0;
  state.waiting_for = "a-worker-0 (ready)";
  EXPECT_EQ(progress_line(state, 0), "1:05  waiting for a-worker-0 (ready)  central->a 12.3Mbit");
}

TEST(Progress, IsAnObjectForPrograms) {
  const auto json = nlohmann::json::parse(progress_json(half_way()));
  EXPECT_EQ(json["type"], "progress");
  EXPECT_EQ(json["rounds"], 50);
  EXPECT_EQ(json["total_rounds"], 100);
  EXPECT_DOUBLE_EQ(json["loss"].get<double>(), 0.5321);
  EXPECT_FALSE(json.contains("waiting_for"));
  ProgressState workload;
  workload.commands = Job::Tally{1, 4};
  workload.waiting_for = "h1: client";
  const auto other = nlohmann::json::parse(progress_json(workload));
  EXPECT_EQ(other["commands"], 1);
  EXPECT_EQ(other["total_commands"], 4);
  EXPECT_FALSE(other.contains("rounds")) << "there is no training";
  EXPECT_EQ(other["waiting_for"], "h1: client");
}

TEST(Progress, ALineForProgramsIsOneLine) {
  char* written = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&written, &size);
  {
    ProgressView view(ProgressView::Mode::json, stream);
    view.begin("x", "/tmp/\xff");
    view.lab("x-2");
    view.step("lab up");
  }
  std::fclose(stream);
  EXPECT_EQ(std::string(written, size),
            "{\"type\":\"begin\",\"scenario\":\"x\",\"folder\":\"/tmp/\xEF\xBF\xBD\"}\n"
            "{\"type\":\"lab\",\"name\":\"x-2\"}\n"
            "{\"type\":\"step\",\"text\":\"lab up\"}\n");
  std::free(written);
}

TEST(Progress, CountsAWorkloadsCommands) {
  ProgressState state;
  state.elapsed_seconds = 12;
  state.commands = Job::Tally{1, 4};
  state.waiting_for = "h1: client";
  EXPECT_EQ(progress_line(state, 0), "0:12  1/4 commands  waiting for h1: client");
  EXPECT_EQ(progress_line(state, 200).substr(0, 43), "0:12  [#####...............] 1/4 commands  ");
}

TEST(Progress, MoreRoundsThanExpectedFillTheBarAndNoMore) {
  ProgressState state = half_way();
  state.training->rounds = 120;
  EXPECT_NE(progress_line(state, 200).find("[####################] 120/100"), std::string::npos);
  EXPECT_EQ(progress_line(state, 200).find("left"), std::string::npos);
}

TEST(Progress, SilentModePrintsNothing) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  {
    ProgressView view(ProgressView::Mode::silent, file);
    view.step("lab up");
    view.update(half_way());
    EXPECT_EQ(std::ftell(file), 0);
  }
  ProgressView view(ProgressView::Mode::automatic, file);
  view.update(half_way());
  const long once = std::ftell(file);
  EXPECT_GT(once, 0);
  view.update(half_way());  // within the five seconds between two lines
  EXPECT_EQ(std::ftell(file), once);
  std::fclose(file);
}

TEST(Pings, TheMedianCounts) {
  EXPECT_EQ(median_of_pings("64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=61.2 ms\n"
                            "64 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=60.3 ms\n"
                            "64 bytes from 10.0.0.1: icmp_seq=3 ttl=64 time=60.1 ms\n"),
            std::chrono::microseconds(60'300));
  EXPECT_FALSE(median_of_pings("ping: connect: Network is unreachable\n"));
  EXPECT_FALSE(median_of_pings("time=ms"));
}

lab::PlannedLink link(std::optional<std::uint64_t> bits_per_second, std::chrono::milliseconds delay) {
  lab::PlannedLink link;
  if (bits_per_second) link.forward.rate = link.backward.rate = BitsPerSecond{*bits_per_second};
  link.forward.delay = link.backward.delay = delay;
  return link;
}

TEST(Pings, NeverWaitForEachOther) {
  using std::chrono::milliseconds;
  const milliseconds limit(5000);
  const PingPlan fast = plan_pings(link(100'000'000, milliseconds(30)), limit);
  EXPECT_EQ(fast.packets, 7);
  EXPECT_EQ(fast.interval, milliseconds(20));
  EXPECT_GE(fast.patience, milliseconds(120));
  // 98 bytes take 49 ms at 16 kbit/s, and 784 ms at 1 kbit/s: there and back before the next.
  const PingPlan slow = plan_pings(link(16'000, milliseconds(0)), limit);
  EXPECT_EQ(slow.packets, 7);
  EXPECT_GT(slow.interval, milliseconds(98));
  const PingPlan slowest = plan_pings(link(1'000, milliseconds(0)), limit);
  EXPECT_GT(slowest.interval, milliseconds(1568));
  EXPECT_GE(slowest.packets, 2);
  EXPECT_LE(slowest.interval * (slowest.packets - 1) + milliseconds(1568), limit);
  EXPECT_EQ(plan_pings(link({}, milliseconds(4000)), limit).packets, 1);
  EXPECT_EQ(plan_pings(link({}, milliseconds(60'000)), limit).packets, 1);
}

}  // namespace
}  // namespace geomx::run
