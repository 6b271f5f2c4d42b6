#include "emulator/sweep/predict.h"

#include <gtest/gtest.h>

#include "emulator/scenario/parse.h"
#include "tests/unit/emulator/sweep/fixture.h"

namespace geomx::sweep {
namespace {

constexpr double kModel = 178'762 * 4;    // bytes of the CNN
constexpr double kMessage = 131'072 * 4;  // of its largest tensor
constexpr double kStep = 0.002369;
constexpr double kPayload = 1448.0 / 1514;

std::optional<double> predicted(const std::vector<std::string>& set, Sender sender = Sender::at_once) {
  return predicted_round_seconds(scenario::parse(test::kScenario, "two.json", set), sender);
}

// Seconds for so many bytes at so many Mbit/s.
double at(double megabits, double bytes) {
  return 8 * bytes / (megabits * 1e6 * kPayload);
}

TEST(Predict, IsBytesOverRatePlusRoundTripPlusComputing) {
  const double both = kModel + kMessage;
  EXPECT_NEAR(*predicted({}), kStep + 2 * 0.005 + at(100, both), 1e-9);
  EXPECT_NEAR(*predicted({"topology.links.wan-b.rate=10Mbit"}), kStep + 2 * 0.005 + at(10, both), 1e-9)
      << "the slowest party's";
  EXPECT_NEAR(*predicted({"topology.links.wan-b.backward.delay=50ms"}), kStep + 0.055 + at(100, both), 1e-9);
  EXPECT_NEAR(*predicted({"topology.links.wan-a.backward.rate=20Mbit"}),
              kStep + 2 * 0.005 + at(100, kMessage) + at(20, kModel), 1e-9)
      << "backward is up: ends[0] is the central one";
  EXPECT_NEAR(*predicted({"training.codec.name=fp16"}), kStep + 2 * 0.005 + at(100, both / 2), 1e-9);
  EXPECT_NEAR(*predicted({"training.codec.name=2bit"}), kStep + 2 * 0.005 + at(100, kMessage / 16 + kModel), 1e-9);
  EXPECT_NEAR(*predicted({"training.compute_seconds=0.5", "training.stragglers={\"b-worker-0\":3}"}),
              1.5 + 2 * 0.005 + at(100, both), 1e-9);
}

TEST(Predict, APacedSenderTakesItsShareOfTheRoundTrip) {
  const double paced = 0.2 / 1.885;
  const std::vector<std::string> far{"topology.links.*.delay=100ms"};
  EXPECT_NEAR(*predicted(far, Sender::paced), kStep + 0.2 + paced * (1 + kMessage / kModel), 1e-9);
  EXPECT_NEAR(*predicted({"topology.links.*.delay=100ms", "topology.links.*.rate=10Mbit"}, Sender::paced),
              kStep + 0.2 + at(10, kModel + kMessage), 1e-9)
      << "a slow link is what it waits for";
}

TEST(Predict, PartyRoundsOfLocalStepsCostNoWan) {
  const double exchange = 2 * 0.005 + at(100, kModel + kMessage);
  // Rounds 5 and 10 of 2 to 10; with 12 rounds, 12 as well. The link holds 120 KB in flight: windows of 14, 29, 58 and
  // 116 KB go first, each with a round trip.
  const double slow_start = 4 * 0.01 - at(100, 15 * 14480);
  const std::string hfa = R"(training.sync={"name":"hfa","k1":4,"k2":5})";
  EXPECT_NEAR(*predicted({hfa, "training.rounds=10"}), 4 * kStep + exchange * 2 / 9 + slow_start / 9, 1e-9);
  EXPECT_NEAR(*predicted({hfa, "training.rounds=12"}), 4 * kStep + exchange * 3 / 11 + slow_start / 11, 1e-9);
  EXPECT_NEAR(*predicted({R"(training.sync={"name":"diloco","local_steps":10})"}), 10 * kStep + exchange, 1e-9);
}

TEST(Predict, SaysNothingWhereItDoesNotHold) {
  EXPECT_EQ(predicted({"training.flow.p3=true"}), std::nullopt);
  EXPECT_EQ(predicted({"training.jitter=0.1"}), std::nullopt);
  EXPECT_EQ(predicted({"training.codec.name=bisparse"}), std::nullopt);
  EXPECT_EQ(predicted({"training.sync.name=esync"}), std::nullopt);
  EXPECT_EQ(predicted({"topology.links.*.loss=1%"}), std::nullopt);
  EXPECT_EQ(predicted({"training.architecture=flat"}), std::nullopt);
  EXPECT_EQ(predicted({"topology.datacenters.a.lan.rate=1Gbit"}), std::nullopt);
}

}  // namespace
}  // namespace geomx::sweep
