#include "emulator/shaper/bottleneck.h"

#include <gtest/gtest.h>

namespace geomx::shaper {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

constexpr std::uint64_t kFullFrame = 1514;

Bottleneck of(RateTrace trace, Time origin = Time(0)) {
  Direction direction;
  direction.trace = SharedTrace(std::move(trace));
  return {direction, origin};
}

Bottleneck mahimahi(const char* text, bool loop = true, Time origin = Time(0)) {
  return of(parse_mahimahi(text, "test", loop), origin);
}

TEST(Bottleneck, AConstantRateTakesItsTime) {
  Direction direction;
  direction.rate = BitsPerSecond{12'112'000};
  Bottleneck bottleneck(direction, Time(0));
  EXPECT_EQ(bottleneck.finish(5ms, kFullFrame), Time(6ms));
  EXPECT_EQ(Bottleneck(Direction{}, Time(0)).finish(5ms, kFullFrame), Time(5ms));
}

TEST(Mahimahi, AFullPacketTakesOneDelivery) {
  Bottleneck bottleneck = mahimahi("0\n1\n1\n4\n");
  EXPECT_EQ(bottleneck.finish(0ms, kFullFrame), Time(0ms));
  EXPECT_EQ(bottleneck.finish(0ms, kFullFrame), Time(1ms));
  EXPECT_EQ(bottleneck.finish(1ms, kFullFrame), Time(1ms));
  EXPECT_EQ(bottleneck.finish(1ms, kFullFrame), Time(4ms));
  EXPECT_EQ(bottleneck.finish(4ms, kFullFrame), Time(4ms));  // the next turn's 0
  EXPECT_EQ(bottleneck.finish(4ms, kFullFrame), Time(5ms));
}

TEST(Mahimahi, WhatNobodyWaitsForIsLost) {
  Bottleneck bottleneck = mahimahi("1\n2\n3\n10\n");
  EXPECT_EQ(bottleneck.finish(2500us, kFullFrame), Time(3ms));
  EXPECT_EQ(bottleneck.finish(12ms, kFullFrame), Time(12ms));  // 10 + 2
  EXPECT_EQ(bottleneck.finish(5035ms, kFullFrame), Time(5040ms));
}

TEST(Mahimahi, SmallPacketsShareADeliveryAndLargeOnesTakeSeveral) {
  Bottleneck bottleneck = mahimahi("1\n2\n3\n4\n");
  // 486 + 14 bytes of frame make 490 bytes with what precedes the packet: three to a delivery.
  for (const int at : {1, 1, 1, 2}) EXPECT_EQ(bottleneck.finish(1ms, 500), Time(milliseconds(at)));
  // 34 of the first and 1014 of the second are left, but nobody waited: they are lost.
  EXPECT_EQ(bottleneck.finish(2500us, 500), Time(3ms));
  EXPECT_EQ(mahimahi("1\n2\n3\n4\n").finish(0ms, 9014), Time(6ms));  // 9004 bytes, six deliveries
}

TEST(Mahimahi, BeginsAtItsOriginAndEndsWhereItIsNotLooped) {
  Bottleneck bottleneck = mahimahi("1\n2\n", false, 100ms);
  EXPECT_EQ(bottleneck.finish(0ms, kFullFrame), Time(101ms));
  EXPECT_EQ(bottleneck.finish(101ms, kFullFrame), Time(102ms));
  EXPECT_EQ(bottleneck.finish(102ms, kFullFrame), kNever);
}

TEST(Mahimahi, ABusyLinkHasTheTracesRate) {
  Bottleneck bottleneck = mahimahi("3\n5\n5\n8\n13\n21\n");
  Time now{0};
  int packets = 0;
  while (now < 2100ms) {
    now = bottleneck.finish(now, kFullFrame);
    ++packets;
  }
  EXPECT_NEAR(packets, 100 * 6, 1);
}

RateTrace table(bool loop) {
  return {.name = "table",
          .steps = {{0s, BitsPerSecond{8'000'000}}, {1s, BitsPerSecond{0}}, {2s, BitsPerSecond{80'000}}},
          .period = loop ? Nanoseconds(4s) : Nanoseconds(0),
          .loop = loop};
}

TEST(RateTable, IsIntegrated) {
  Bottleneck bottleneck = of(table(false));
  EXPECT_EQ(bottleneck.finish(0s, 1000), Time(1ms));
  EXPECT_EQ(bottleneck.finish(999ms, 2000), Time(2s + 100ms));  // half before the gap, half after it
  EXPECT_EQ(bottleneck.finish(1500ms, 1000), Time(2s + 100ms));
  EXPECT_EQ(bottleneck.finish(100s, 1000), Time(100s + 100ms));  // the last step stays
}

TEST(RateTable, BeginsAnew) {
  Bottleneck bottleneck = of(table(true), 10s);
  EXPECT_EQ(bottleneck.finish(0s, 1000), Time(10s + 1ms));
  EXPECT_EQ(bottleneck.finish(14s, 1000), Time(14s + 1ms));
  // One turn carries 8 Mbit and 160 kbit: three of them and a bit more.
  EXPECT_EQ(bottleneck.finish(10s, 3 * 1'020'000 + 1000), Time(22s + 1ms));
}

TEST(RateTable, WithoutARateNothingEverPasses) {
  EXPECT_EQ(of({.name = "table", .steps = {{0s, BitsPerSecond{0}}}, .period = 1s, .loop = true}).finish(0s, 100),
            kNever);
  EXPECT_EQ(of({.name = "table", .steps = {{0s, BitsPerSecond{0}}}, .loop = false}).finish(0s, 100), kNever);
}

}  // namespace
}  // namespace geomx::shaper
