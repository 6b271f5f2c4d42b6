#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "emulator/shaper/engine.h"
#include "emulator/shaper/jitter.h"
#include "tests/support/statistics.h"
#include "tests/unit/emulator/shaper/drain.h"
#include "tests/unit/emulator/shaper/frames.h"

// What an engine does beside queue, rate, loss and ordered jitter, which engine_test.cc has.
namespace geomx::shaper {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::uint16_t kMss = 1448;

Direction delayed() {
  Direction direction;
  direction.delay = 20ms;
  direction.seed = 5;
  return direction;
}

TEST(EngineChance, FreeJitterReordersAndHasItsDistribution) {
  for (const Distribution distribution : {Distribution::uniform, Distribution::normal, Distribution::pareto}) {
    Direction direction = delayed();
    direction.jitter = 4ms;
    direction.distribution = distribution;
    direction.keeps_order = false;
    Engine engine(direction);
    constexpr std::uint32_t kCount = 20'000;
    for (std::uint32_t i = 0; i < kCount; ++i) engine.push(udp_frame(100, i), i * 100us);
    std::vector<double> swings;
    std::uint32_t overtaken = 0;
    std::uint32_t highest = 0;
    Time last{0};
    for (const Seen& departure : drain(engine)) {
      const std::uint32_t number = number_of(departure.frame);
      EXPECT_GE(departure.at, last);
      last = departure.at;
      overtaken += number < highest;
      highest = std::max(highest, number);
      swings.push_back(std::chrono::duration<double, std::milli>(departure.at - number * 100us - 20ms).count() / 4);
    }
    ASSERT_EQ(swings.size(), kCount);
    EXPECT_GT(overtaken, kCount / 2);
    const auto below = [&](double swing) {
      if (distribution == Distribution::uniform) return std::clamp((swing + 1) / 2, 0.0, 1.0);
      if (distribution == Distribution::normal) return normal_below(swing);
      return swing >= 4 ? 1 : 1 - std::pow(swing / (4.0 / 3) + 1.5, -3.0);
    };
    EXPECT_LT(test::distance_from(swings, below), test::one_percent_distance(kCount));
  }
}

TEST(EngineChance, ADuplicateFollowsItsOriginal) {
  Direction direction = delayed();
  direction.duplicate = 0.2;
  Engine engine(direction);
  constexpr std::uint32_t kCount = 10'000;
  for (std::uint32_t i = 0; i < kCount; ++i) engine.push(udp_frame(100, i), i * 1us);
  const auto departures = drain(engine);
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_EQ(departures.size(), kCount + counters.duplicated);
  EXPECT_EQ(counters.packets, departures.size());
  EXPECT_NEAR(static_cast<double>(counters.duplicated), kCount * 0.2, test::binomial_99(kCount, 0.2));
  std::uint32_t repeated = 0;
  for (std::size_t i = 1; i < departures.size(); ++i) {
    const std::uint32_t before = number_of(departures[i - 1].frame);
    const std::uint32_t now = number_of(departures[i].frame);
    EXPECT_TRUE(now == before || now == before + 1);
    if (now != before) continue;
    ++repeated;
    EXPECT_EQ(departures[i].at, departures[i - 1].at);
    EXPECT_TRUE(std::ranges::equal(departures[i].frame.bytes(), departures[i - 1].frame.bytes()));
  }
  EXPECT_EQ(repeated, counters.duplicated);
}

TEST(EngineChance, AReorderedPacketSkipsTheDelay) {
  Direction direction = delayed();
  direction.reorder = 0.1;
  Engine engine(direction);
  constexpr std::uint32_t kCount = 10'000;
  for (std::uint32_t i = 0; i < kCount; ++i) engine.push(udp_frame(100, i), i * 1ms);
  std::uint32_t early = 0;
  std::uint32_t next = 0;  // of those that keep their order
  for (const Seen& departure : drain(engine)) {
    const std::uint32_t number = number_of(departure.frame);
    if (departure.at == number * 1ms) {
      ++early;
    } else {
      EXPECT_EQ(departure.at, number * 1ms + 20ms);
      EXPECT_GE(number, next);
      next = number;
    }
  }
  EXPECT_EQ(engine.statistics().snapshot().reordered, early);
  EXPECT_NEAR(early, kCount * 0.1, test::binomial_99(kCount, 0.1));
}

// All chances at once act on the segments of a super-frame as on the same segments sent singly.
TEST(EngineChance, SuperFramesFareAsTheirSegmentsDo) {
  Direction direction = delayed();
  direction.jitter = 5ms;
  direction.distribution = Distribution::normal;
  direction.correlation = 0.3;
  direction.keeps_order = false;
  direction.gilbert_elliott = GilbertElliott{0.05, 0.3, 0, 0.8};
  direction.duplicate = 0.1;
  direction.reorder = 0.1;
  direction.corrupt = 0.1;
  const auto run = [&](bool together) {
    Engine engine(direction);
    for (int i = 0; i < 50; ++i) {
      Frame frame = tcp_super_frame(30 * kMss, kMss);
      for (std::uint32_t k = 0; !together && k < 30; ++k) engine.push(frame.slice(k, 1), i * 20ms);
      if (together) engine.push(std::move(frame), i * 20ms);
    }
    std::multiset<std::pair<Time, std::uint32_t>> found;
    for (const Seen& departure : drain(engine)) {
      EXPECT_EQ(departure.frame.shape().segments, 1u);
      found.emplace(departure.at, departure.frame.bytes().size());
    }
    const DirectionCounters counters = engine.statistics().snapshot();
    EXPECT_EQ(counters.packets, found.size());
    EXPECT_EQ(counters.packets - counters.duplicated + counters.dropped_loss, 1500u);
    EXPECT_GT(counters.corrupted, 80u);
    return found;
  };
  EXPECT_EQ(run(true), run(false));
}

TEST(EngineChance, RunsThatFareAlikeStayTogether) {
  Direction direction = delayed();
  direction.corrupt = 0.02;
  Engine engine(direction);
  for (int i = 0; i < 20; ++i) engine.push(tcp_super_frame(40 * kMss, kMss), i * 1ms);
  std::uint32_t damaged = 0;
  const auto departures = drain(engine);
  for (const Seen& departure : departures) {
    damaged += (departure.frame.header().flags & VnetHeader::kNeedsChecksum) == 0;
  }
  EXPECT_EQ(damaged, engine.statistics().snapshot().corrupted);
  EXPECT_GT(damaged, 0u);
  EXPECT_LE(departures.size(), 20 + 2 * damaged);
  EXPECT_EQ(engine.statistics().snapshot().packets, 800u);
}

// With packets that overtake, the busy time is still that of the rate.
TEST(EngineChance, TheMeasuredRateHoldsWhereOrderDoesNot) {
  for (const bool jitter : {false, true}) {
    Direction direction = delayed();
    direction.rate = BitsPerSecond{10'000'000};
    direction.reorder = 0.1;
    if (jitter) {
      direction.jitter = 10ms;
      direction.keeps_order = false;
    }
    Engine engine(direction);
    for (int burst = 0; burst < 5; ++burst) {
      for (std::uint32_t i = 0; i < 200; ++i) engine.push(udp_frame(1514, i), burst * 10s);
      drain(engine);
    }
    const DirectionCounters counters = engine.statistics().snapshot();
    const double rate = 8e9 * static_cast<double>(counters.busy_bytes) / static_cast<double>(counters.busy_nanoseconds);
    EXPECT_NEAR(rate / 10e6, 1, 0.02) << jitter;
    EXPECT_GT(counters.busy_bytes, 5u * 150 * 1514);
  }
}

Direction codel(bool ecn) {
  Direction direction;
  direction.rate = BitsPerSecond{10'000'000};
  direction.queue = PacketLimit{1000};
  direction.codel = CodelSettings{.ecn = ecn};
  return direction;
}

// A tenth faster than the link for 20 s: a drop-tail queue would fill, CoDel finds the frequency of drops that stops
// it.
TEST(EngineCodel, KeepsTheQueueShort) {
  Engine engine(codel(false));
  constexpr auto kGap = Nanoseconds(1514 * 800 * 10 / 11);
  Nanoseconds worst{0};
  for (std::uint32_t i = 0; i * kGap < 20s; ++i) {
    engine.push(udp_frame(1514, i), i * kGap);
    while (auto departure = engine.pop(i * kGap)) {
      const Nanoseconds sojourn = i * kGap - number_of(departure->frame) * kGap;
      if (i * kGap > 15s) worst = std::max(worst, sojourn);
    }
  }
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_GT(counters.dropped_queue, 500u);
  EXPECT_LT(worst, Nanoseconds(300ms));  // of 1.2 s in a full queue
  Direction direction = codel(false);
  direction.codel.reset();
  Engine tail(direction);
  for (std::uint32_t i = 0; i * kGap < 20s; ++i) {
    tail.push(udp_frame(1514, i), i * kGap);
    while (tail.pop(i * kGap)) {
    }
  }
  EXPECT_GT(tail.statistics().snapshot().backlog_bytes, 900u * 1514);
}

Frame capable(std::uint32_t number) {
  Frame frame = udp_frame(1514, number);
  std::vector<std::byte> bytes(frame.bytes().begin(), frame.bytes().end());
  detail::put(bytes, 15, 0x02, 1);
  return Frame::copy_of({}, bytes);
}

TEST(EngineCodel, MarksInsteadOfDroppingWhereItMay) {
  Engine engine(codel(true));
  for (std::uint32_t i = 0; i < 900; ++i) engine.push(i % 2 == 0 ? capable(i) : udp_frame(1514, i), Time(0));
  std::uint32_t marked = 0;
  std::uint32_t count = 0;
  for (const Seen& departure : drain(engine)) {
    ++count;
    const bool congested = (read_big_endian(departure.frame, 15, 1) & 3) == 3;
    marked += congested;
    if (congested) {
      EXPECT_EQ(number_of(departure.frame) % 2, 0u);
    }
  }
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_EQ(counters.marked, marked);
  EXPECT_GT(marked, 3u);
  EXPECT_GT(counters.dropped_queue, 3u);
  EXPECT_EQ(count + counters.dropped_queue, 900u);
  EXPECT_EQ(counters.backlog_bytes, 0u);
}

TEST(EngineCodel, MarksOneSegmentOfASuperFrame) {
  Engine engine(codel(true));
  std::uint32_t sent = 0;
  for (int i = 0; i < 40; ++i) {
    Frame frame = tcp_super_frame(20 * kMss, kMss);
    std::vector<std::byte> bytes(frame.bytes().begin(), frame.bytes().end());
    detail::put(bytes, 15, 0x02, 1);
    engine.push(Frame::copy_of(frame.header(), bytes), Time(0));
    sent += 20;
  }
  std::uint32_t segments = 0;
  std::uint64_t bytes = 0;
  std::uint32_t marked = 0;
  for (const Seen& departure : drain(engine)) {
    segments += departure.frame.shape().segments;
    bytes += departure.frame.shape().wire_bytes;
    if ((read_big_endian(departure.frame, 15, 1) & 3) != 3) continue;
    ++marked;
    EXPECT_EQ(departure.frame.shape().segments, 1u);
  }
  EXPECT_EQ(segments, sent);
  EXPECT_EQ(bytes, std::uint64_t{sent} * 1514);
  EXPECT_GT(marked, 3u);
  EXPECT_EQ(engine.statistics().snapshot().marked, marked);
  EXPECT_EQ(engine.statistics().snapshot().backlog_bytes, 0u);
}

TEST(EngineTrace, ReplaysAMahimahiTrace) {
  Direction direction;
  direction.trace = SharedTrace(parse_mahimahi("3\n5\n5\n8\n13\n21\n", "test", true));
  direction.queue = PacketLimit{2000};
  Engine engine(direction, 1s);
  for (std::uint32_t i = 0; i < 601; ++i) engine.push(udp_frame(1514, i), 1s);
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 601u);
  const int wanted[] = {3, 5, 5, 8, 13, 21};
  for (std::size_t i = 0; i < 600; ++i) {
    ASSERT_EQ(departures[i].at, Time(1s + (wanted[i % 6] + 21 * static_cast<int>(i / 6)) * 1ms)) << i;
  }
}

TEST(EngineTrace, SuperFramesAreServedBySegments) {
  Direction direction;
  direction.trace = SharedTrace(parse_mahimahi("1\n", "test", true));
  Engine engine(direction);
  engine.push(tcp_super_frame(20 * kMss, kMss), Time(0));
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 20u);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(departures[i].at, Time((i + 1) * 1ms));
}

TEST(EngineTrace, WhatATraceNeverDeliversIsFreedByAChange) {
  Direction direction;
  direction.trace = SharedTrace(parse_mahimahi("1\n", "test", false));
  Engine engine(direction);
  for (std::uint32_t i = 0; i < 5; ++i) engine.push(udp_frame(1514, i), Time(0));
  EXPECT_EQ(drain(engine, 10s).size(), 1u);
  EXPECT_EQ(engine.next_release(), kNever);
  direction.trace = {};
  direction.rate = BitsPerSecond{12'112'000};
  engine.change(direction, 20s);
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 4u);
  EXPECT_EQ(departures[0].at, Time(20s + 1ms));
  EXPECT_EQ(departures[3].at, Time(20s + 4ms));
}

TEST(EngineChange, FromFreeToKeptOrderNobodyIsOvertaken) {
  Direction direction = delayed();
  direction.jitter = 15ms;
  direction.keeps_order = false;
  Engine engine(direction);
  for (std::uint32_t i = 0; i < 100; ++i) engine.push(udp_frame(100, i), Time(0));
  direction.keeps_order = true;
  direction.delay = direction.jitter = 0ms;
  engine.change(direction, 1ms);
  engine.push(udp_frame(100, 100), 1ms);
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 101u);
  EXPECT_EQ(number_of(departures.back().frame), 100u);
}

}  // namespace
}  // namespace geomx::shaper
