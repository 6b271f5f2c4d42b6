#include "emulator/base/rate_trace.h"

#include <gtest/gtest.h>

#include "emulator/base/error.h"

namespace geomx {
namespace {

using namespace std::chrono_literals;

std::string complaint(const std::string& text) {
  try {
    parse_mahimahi(text, "lte.trace", true);
    return "accepted";
  } catch (const InputError& error) {
    return error.where() + ": " + error.what();
  }
}

TEST(Mahimahi, IsReadLineByLine) {
  const RateTrace trace = parse_mahimahi("0\n5\r\n5\n100", "lte.trace", false);
  EXPECT_EQ(trace.deliveries, (std::vector<Nanoseconds>{0ms, 5ms, 5ms, 100ms}));
  EXPECT_EQ(trace.period, Nanoseconds(100ms));
  EXPECT_FALSE(trace.loop);
  EXPECT_EQ(trace.mean(), BitsPerSecond{4 * 1504 * 80});
}

TEST(Mahimahi, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(complaint(""), "lte.trace: the trace is empty");
  EXPECT_EQ(complaint("0\n0\n"), "lte.trace: the trace lasts for 0 ms");
  EXPECT_EQ(complaint("1\n2\nx3\n"), "lte.trace:3: \"x3\" is not a time");
  EXPECT_EQ(complaint("1\n2.5\n"), "lte.trace:2: \"2.5\" is not a time");
  EXPECT_EQ(complaint("-1\n"), "lte.trace:1: \"-1\" is not a time");
  EXPECT_EQ(complaint("99999999999999999999\n"), "lte.trace:1: \"99999999999999999999\" is not a time");
  EXPECT_EQ(complaint("1\n\n2\n"), "lte.trace:2: an empty line");
  EXPECT_EQ(complaint("4\n3\n"), "lte.trace:2: 3 ms comes after 4 ms");
  EXPECT_NE(complaint(std::string("1\n2\0\n", 5)), "accepted");
}

TEST(RateTrace, MeanAndPeakOfATable) {
  RateTrace trace{.name = "table", .steps = {{0s, {10}}, {1s, {40}}}, .period = 4s, .loop = true};
  EXPECT_EQ(trace.mean(), BitsPerSecond{(10 + 3 * 40) / 4 + 1});  // 32.5, rounded
  EXPECT_EQ(trace.peak(), BitsPerSecond{40});
  trace.period = 0s;
  EXPECT_EQ(trace.mean(), BitsPerSecond{40});
}

TEST(RateTrace, PeakOfDeliveriesIsThatOfTheBestMoment) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += "500\n";
  const RateTrace trace = parse_mahimahi(text + "1000\n", "burst", true);
  EXPECT_EQ(trace.peak(), BitsPerSecond{10 * 1504 * 8 * 10});
}

TEST(SharedTrace, IsWhatItSays) {
  const SharedTrace a(parse_mahimahi("1\n2\n", "a", true));
  const SharedTrace again(parse_mahimahi("1\n2\n", "a", true));
  const SharedTrace other(parse_mahimahi("1\n3\n", "a", true));
  EXPECT_EQ(a, again);
  EXPECT_NE(a, other);
  EXPECT_NE(a, SharedTrace());
  EXPECT_EQ(SharedTrace(), SharedTrace());
}

}  // namespace
}  // namespace geomx
