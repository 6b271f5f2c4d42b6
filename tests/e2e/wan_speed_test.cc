// What hierarchy and compression are for, in three cells of wan_bench's table: two parties of four workers, 30 ms and a
// slow WAN, so that a round takes what its bytes take.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/emu.h"
#include "tests/support/run_database.h"
#include "tests/support/two_parties.h"

namespace geomx::test {
namespace {

using std::chrono::seconds;

constexpr double kModelBytes = 178'762 * 4;
constexpr double kDelay = 0.03;  // seconds, one way

struct Cell {
  std::string architecture = "hips";
  std::string codec = "none";
  int rounds = 6;
};

class WanSpeed : public testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = missing_for_labs(false);
    if (!missing.empty()) GTEST_SKIP() << missing;
  }
};

// Seconds of a round, as the slowest worker has it: the median, but for the first.
double median_round(const Cell& cell, double megabits) {
  const Scratch scratch;
  auto scenario = two_parties(
      "wan-speed", {{"rate", fmt::format("{}Mbit", megabits)}, {"delay", fmt::format("{}ms", 1000 * kDelay)}}, 4);
  scenario["training"].update(
      {{"architecture", cell.architecture}, {"codec", {{"name", cell.codec}}}, {"rounds", cell.rounds}});
  std::ofstream(scratch.path() / "cell.json") << scenario;
  Invocation invocation;
  invocation.argv = {binary("geomx-emu").string(), "run", "cell.json", "--out", "out", "--quiet"};
  invocation.directory = scratch.path();
  invocation.environment = {{"GEOMX_EMU_RUNTIME_DIR", scratch.path() / "labs"}};
  Command command(invocation);
  EXPECT_EQ(command.wait(seconds(100)), 0) << command.err();
  const std::vector<double> rounds = round_seconds(scratch.path() / "out");
  EXPECT_EQ(rounds.size(), static_cast<std::size_t>(cell.rounds - 1));
  return median(rounds);
}

// Up and down one after the other where a tensor is most of the model, and at best both at once; besides, the road and
// a little computing.
TEST_F(WanSpeed, ARoundTakesWhatItsBytesTake) {
  constexpr double kMegabits = 40;
  const double one_way = kModelBytes / 2 * 8 / (kMegabits * 1e6);
  const double round = median_round({.codec = "fp16", .rounds = 10}, kMegabits);
  EXPECT_GT(round, one_way + 2 * kDelay);
  EXPECT_LT(round, 1.3 * 2 * one_way + 2 * kDelay + 0.12);
}

TEST_F(WanSpeed, HierarchyAndHalfPrecisionPay) {
  constexpr double kMegabits = 20;
  const double flat = median_round({.architecture = "flat"}, kMegabits);
  const double hips = median_round({}, kMegabits);
  const double fp16 = median_round({.codec = "fp16"}, kMegabits);
  // A quarter of the bytes, and half of those; both less the road, which they share.
  EXPECT_GT(flat / hips, 2.5) << flat << " s and " << hips << " s";
  EXPECT_LT(flat / hips, 4.5) << flat << " s and " << hips << " s";
  EXPECT_GT(hips / fp16, 1.5) << hips << " s and " << fp16 << " s";
  EXPECT_LT(hips / fp16, 2.3) << hips << " s and " << fp16 << " s";
}

}  // namespace
}  // namespace geomx::test
