#include "emulator/run/offered_load.h"

#include <gtest/gtest.h>

#include "tests/unit/emulator/run/three_dc.h"

namespace geomx::run {
namespace {

constexpr double kCnn = 178'762 * 4.0;  // bytes

// Two parties of two workers each behind 100 Mbit/s, with the CNN's profile and a step of one second.
scenario::Scenario demo() {
  scenario::Scenario scenario = test::three_dc();
  scenario::Training& training = *scenario.training;
  training.device = "model";
  training.profile = "cnn";
  training.compute_seconds = 1;
  training.epochs.reset();
  training.rounds = 10;
  training.optimizer.name = "sgd";
  return scenario;
}

TEST(OfferedLoad, IsOfWorkersThatComputeNothing) {
  EXPECT_FALSE(offered_load(test::three_dc()));
  scenario::Scenario network = demo();
  network.training.reset();
  EXPECT_FALSE(offered_load(network));
}

TEST(OfferedLoad, EveryWorkerAndEveryPartyExchangesTheModelOnce) {
  const OfferedLoad load = offered_load(demo()).value();
  EXPECT_DOUBLE_EQ(load.round_seconds, 1);
  EXPECT_DOUBLE_EQ(load.bytes, (4 + 2) * 2 * kCnn);
  // Ten tensors and a little of a long one, asked and answered.
  EXPECT_NEAR(load.messages, (4 + 2) * 2 * (10 + kCnn / (512 << 10)), 1e-6);
  EXPECT_NEAR(static_cast<double>(load.server_memory), (2 * 1.6 + 2.1) * kCnn, 2);
}

TEST(OfferedLoad, ARoundTakesAsLongAsItsSlowestWorkerAndLink) {
  scenario::Scenario scenario = demo();
  scenario.training->stragglers = {{"a-worker-0", 3}};
  EXPECT_DOUBLE_EQ(offered_load(scenario)->round_seconds, 3);
  scenario.training->sync.name = "mixed";  // the other party does not wait
  EXPECT_DOUBLE_EQ(offered_load(scenario)->round_seconds, 1);
  scenario = demo();
  scenario.topology.links[1].backward.rate = BitsPerSecond{1'000'000};
  EXPECT_DOUBLE_EQ(offered_load(scenario)->round_seconds, 8 * kCnn / 1e6);
  // Flat, both workers' gradients cross it.
  scenario.training->architecture = "flat";
  EXPECT_DOUBLE_EQ(offered_load(scenario)->round_seconds, 2 * 8 * kCnn / 1e6);
  scenario.topology.links[1].backward.rate.reset();
  EXPECT_DOUBLE_EQ(offered_load(scenario)->round_seconds, 1);
}

TEST(OfferedLoad, LocalStepsAndCodecsMakeItLess) {
  scenario::Scenario scenario = demo();
  scenario.training->sync.name = "hfa";
  scenario.training->sync.k1 = 5;
  scenario.training->sync.k2 = 4;
  const OfferedLoad local = offered_load(scenario).value();
  EXPECT_DOUBLE_EQ(local.round_seconds, 5);
  EXPECT_DOUBLE_EQ(local.bytes, (4 + 2 / 4.0) * 2 * kCnn);
  scenario = demo();
  scenario.training->codec.name = "fp16";
  EXPECT_DOUBLE_EQ(offered_load(scenario)->bytes, (4 + 2) * kCnn);
  scenario.training->codec.name = "bisparse";
  scenario.training->codec.ratio = 0.1;
  EXPECT_DOUBLE_EQ(offered_load(scenario)->bytes, (4 + 2 * 0.2) * 2 * kCnn);
}

}  // namespace
}  // namespace geomx::run
