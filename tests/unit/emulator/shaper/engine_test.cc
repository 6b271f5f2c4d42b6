#include "emulator/shaper/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <thread>

#include "tests/unit/emulator/shaper/drain.h"
#include "tests/unit/emulator/shaper/frames.h"

namespace geomx::shaper {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint16_t kMss = 1448;
constexpr BitsPerSecond kTenMegabits{10'000'000};
constexpr Nanoseconds kFrameTime{1514 * 800};  // of a full frame at 10 Mbit

Direction rate(BitsPerSecond value) {
  Direction direction;
  direction.rate = value;
  return direction;
}

TEST(Engine, AnUnshapedDirectionPassesAtOnce) {
  Engine engine{Direction{}};
  EXPECT_EQ(engine.next_release(), kNever);
  engine.push(udp_frame(1514), milliseconds(3));
  EXPECT_EQ(engine.next_release(), Time(milliseconds(3)));
  EXPECT_FALSE(engine.pop(milliseconds(2)));
  EXPECT_TRUE(engine.pop(milliseconds(3)));
  EXPECT_EQ(engine.next_release(), kNever);
}

TEST(Engine, MoreThanTheDelayLineHoldsIsLostToThisMachine) {
  Direction direction;
  direction.delay = milliseconds(1);
  Engine engine(direction);
  constexpr std::uint32_t kSize = 60'000;
  const std::uint64_t fit = kMostTravelling.value / kSize;
  for (std::uint64_t i = 0; i < fit + 3; ++i) engine.push(udp_frame(kSize), Time(0));
  EXPECT_EQ(engine.statistics().snapshot().overruns, 3u);
  EXPECT_EQ(drain(engine).size(), fit);
  engine.push(udp_frame(kSize), milliseconds(2));
  EXPECT_EQ(engine.statistics().snapshot().overruns, 3u) << "there is room again";
}

TEST(Engine, SerialisesBackToBack) {
  Engine engine(rate(kTenMegabits));
  for (std::uint32_t i = 0; i < 100; ++i) engine.push(udp_frame(1514, i), Time(0));
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 100u);
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(number_of(departures[i].frame), i);
    EXPECT_EQ(departures[i].at, (i + 1) * kFrameTime);
  }
}

TEST(Engine, AnIdleLinkGivesNoCredit) {
  Engine engine(rate(kTenMegabits));
  engine.push(udp_frame(1514), Time(0));
  engine.push(udp_frame(1514), milliseconds(100));
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 2u);
  EXPECT_EQ(departures[1].at, milliseconds(100) + kFrameTime);
}

TEST(Engine, DelayComesOnTopOfSerialisation) {
  Direction direction = rate(kTenMegabits);
  direction.delay = milliseconds(30);
  Engine engine(direction);
  for (int i = 0; i < 50; ++i) engine.push(udp_frame(1514), Time(0));
  const auto departures = drain(engine);
  EXPECT_EQ(departures.front().at, kFrameTime + milliseconds(30));
  EXPECT_EQ(departures.back().at, 50 * kFrameTime + milliseconds(30));
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_EQ(counters.packets, 50u);
  EXPECT_EQ(counters.bytes, 50u * 1514);
  EXPECT_EQ(counters.delay_nanoseconds, Nanoseconds(milliseconds(30)).count());
}

TEST(Engine, TheMeasuredRateIsThatOfBusyTimesOnly) {
  Direction direction = rate(kTenMegabits);
  direction.delay = milliseconds(30);
  Engine engine(direction);
  for (int burst = 0; burst < 5; ++burst) {
    for (int i = 0; i < 20; ++i) engine.push(udp_frame(1514), milliseconds(500 * burst));
    drain(engine);
  }
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_EQ(counters.busy_bytes, 5u * 19 * 1514);
  EXPECT_EQ(counters.busy_nanoseconds, 5u * 19 * static_cast<std::uint64_t>(kFrameTime.count()));
}

// Frames leave late where the thread is late; the measured rate must then not be better than the real one.
TEST(Engine, TheMeasuredRateIsMeasured) {
  Engine engine(rate(kTenMegabits));
  for (int i = 0; i < 3; ++i) engine.push(udp_frame(1514), Time(0));
  Time now{0};
  for (int i = 0; i < 3; ++i) {
    now += 2 * kFrameTime;
    EXPECT_TRUE(engine.pop(now));
  }
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_EQ(counters.busy_bytes, 2u * 1514);
  EXPECT_EQ(counters.busy_nanoseconds, 4u * static_cast<std::uint64_t>(kFrameTime.count()));
  EXPECT_GE(counters.lateness_p99_nanoseconds, 3 * kFrameTime.count());
  EXPECT_LE(counters.lateness_p99_nanoseconds, 3 * kFrameTime.count() * 9 / 8);
}

TEST(Engine, QueueOfPacketsIsDropTail) {
  Direction direction = rate(kTenMegabits);
  direction.queue = PacketLimit{10};
  direction.delay = milliseconds(100);  // the delay line must not count
  Engine engine(direction);
  for (std::uint32_t i = 0; i < 30; ++i) engine.push(udp_frame(1514, i), Time(0));
  // One on the wire and ten behind it. After two have left there is room for two more.
  engine.push(udp_frame(1514, 100), 2 * kFrameTime);
  engine.push(udp_frame(1514, 101), 2 * kFrameTime);
  engine.push(udp_frame(1514, 102), 2 * kFrameTime);
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 13u);
  for (std::uint32_t i = 0; i < 11; ++i) EXPECT_EQ(number_of(departures[i].frame), i);
  EXPECT_EQ(number_of(departures[11].frame), 100u);
  EXPECT_EQ(number_of(departures[12].frame), 101u);
  EXPECT_EQ(engine.statistics().snapshot().dropped_queue, 20u);
}

TEST(Engine, QueueOfBytesTakesWhatFits) {
  Direction direction = rate(kTenMegabits);
  direction.queue = ByteLimit{3000};
  Engine engine(direction);
  engine.push(udp_frame(1514, 0), Time(0));  // on the wire
  engine.push(udp_frame(1514, 1), Time(0));
  engine.push(udp_frame(1514, 2), Time(0));  // 3028 > 3000
  engine.push(udp_frame(1000, 3), Time(0));  // still fits
  EXPECT_EQ(engine.statistics().snapshot().backlog_bytes, 2514u);
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 3u);
  EXPECT_EQ(number_of(departures[2].frame), 3u);
  EXPECT_EQ(engine.statistics().snapshot().backlog_bytes, 0u);
}

std::uint32_t segments_of(const std::vector<Seen>& departures) {
  std::uint32_t sum = 0;
  for (const Seen& departure : departures) sum += departure.frame.shape().segments;
  return sum;
}

TEST(Engine, QueueAndRateActOnTheSegmentsOfASuperFrame) {
  Direction direction = rate(kTenMegabits);
  direction.queue = PacketLimit{10};
  Engine engine(direction);
  engine.push(tcp_super_frame(40 * kMss, kMss), Time(0));
  const auto departures = drain(engine);
  EXPECT_EQ(segments_of(departures), 11u);
  EXPECT_EQ(engine.statistics().snapshot().dropped_queue, 29u);
  EXPECT_EQ(departures.front().at, kFrameTime);
  EXPECT_EQ(departures.back().at, 11 * kFrameTime);
}

// Whether its segments come as one super-frame or singly, a burst meets the same queue.
TEST(Engine, SuperFramesMeetTheQueueAsSinglesDo) {
  for (const std::uint64_t megabits : {10, 100, 1000}) {
    Direction direction = rate(BitsPerSecond{megabits * 1'000'000});
    direction.queue = PacketLimit{60};
    Engine together(direction);
    Engine singly(direction);
    for (int i = 0; i < 40; ++i) {
      const Time at = i * microseconds(300);
      const Frame frame = tcp_super_frame(20 * kMss, kMss);
      for (std::uint32_t k = 0; k < 20; ++k) singly.push(frame.slice(k, 1), at);
      together.push(tcp_super_frame(20 * kMss, kMss), at);
    }
    const auto a = drain(together);
    const auto b = drain(singly);
    EXPECT_NEAR(segments_of(a), segments_of(b), 1) << megabits;
    EXPECT_EQ(together.statistics().snapshot().packets + together.statistics().snapshot().dropped_queue, 800u);
    EXPECT_NEAR(static_cast<double>(a.back().at.count()), static_cast<double>(b.back().at.count()), 150e3) << megabits;
  }
}

TEST(Engine, FastLinksKeepSuperFramesWhole) {
  Engine engine(rate(BitsPerSecond{10'000'000'000}));
  engine.push(tcp_super_frame(40 * kMss, kMss), Time(0));
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 1u);
  EXPECT_EQ(departures[0].frame.shape().segments, 40u);
  EXPECT_EQ(departures[0].at, transmission_time(Bytes{40 * 1514}, BitsPerSecond{10'000'000'000}));
}

std::vector<bool> fates(std::uint64_t seed, double loss, std::uint32_t count) {
  Direction direction;
  direction.loss = loss;
  direction.seed = seed;
  Engine engine(direction);
  std::vector<bool> arrived(count);
  for (std::uint32_t i = 0; i < count; ++i) engine.push(udp_frame(100, i), Time(i));
  for (const Seen& departure : drain(engine)) arrived[number_of(departure.frame)] = true;
  EXPECT_EQ(engine.statistics().snapshot().packets + engine.statistics().snapshot().dropped_loss, count);
  return arrived;
}

TEST(Engine, LossIsWithinItsInterval) {
  constexpr std::uint32_t kCount = 200000;
  const auto arrived = fates(7, 0.01, kCount);
  const auto lost = static_cast<double>(std::count(arrived.begin(), arrived.end(), false));
  EXPECT_NEAR(lost, kCount * 0.01, 2.576 * std::sqrt(kCount * 0.01 * 0.99));
  EXPECT_EQ(fates(7, 1.0, 100), std::vector<bool>(100, false));
}

TEST(Engine, TheSeedDecides) {
  EXPECT_EQ(fates(7, 0.1, 1000), fates(7, 0.1, 1000));
  EXPECT_NE(fates(7, 0.1, 1000), fates(8, 0.1, 1000));
}

TEST(Engine, WithoutASeedEveryEngineDiffers) {
  Direction direction;
  direction.loss = 0.5;
  Engine one(direction);
  Engine other(direction);
  std::vector<std::uint32_t> numbers[2];
  for (std::uint32_t i = 0; i < 200; ++i) {
    one.push(udp_frame(100, i), Time(i));
    other.push(udp_frame(100, i), Time(i));
  }
  for (const Seen& departure : drain(one)) numbers[0].push_back(number_of(departure.frame));
  for (const Seen& departure : drain(other)) numbers[1].push_back(number_of(departure.frame));
  EXPECT_NE(numbers[0], numbers[1]);
}

// When each segment left, by its number. Super-frames of 30 segments each, or all of these singly.
std::multimap<Time, std::uint32_t> departures_of_segments(const Direction& direction, bool together) {
  Engine engine(direction);
  for (int i = 0; i < 20; ++i) {
    Frame frame = tcp_super_frame(30 * kMss, kMss);
    const Time at = i * milliseconds(20);
    if (together) {
      engine.push(std::move(frame), at);
    } else {
      for (std::uint32_t k = 0; k < 30; ++k) engine.push(frame.slice(k, 1), at);
    }
  }
  std::multimap<Time, std::uint32_t> found;
  for (const Seen& departure : drain(engine)) {
    const Frame& frame = departure.frame;
    for (std::uint32_t k = 0; k < frame.shape().segments; ++k) {
      found.emplace(departure.at, read_big_endian(frame, 38, 4) + k * kMss);
    }
  }
  EXPECT_EQ(engine.statistics().snapshot().packets, found.size());
  EXPECT_EQ(engine.statistics().snapshot().packets + engine.statistics().snapshot().dropped_loss, 600u);
  return found;
}

// What befalls a segment depends on its index alone, not on the super-frame that it came in.
TEST(Engine, LossActsOnSegments) {
  Direction direction;
  direction.loss = 0.2;
  direction.seed = 3;
  const auto found = departures_of_segments(direction, true);
  EXPECT_EQ(found, departures_of_segments(direction, false));
  EXPECT_LT(found.size(), 540u);
}

TEST(Engine, JitterActsOnSegments) {
  Direction direction;
  direction.delay = milliseconds(10);
  direction.jitter = milliseconds(4);
  direction.loss = 0.2;
  direction.seed = 3;
  const auto found = departures_of_segments(direction, true);
  EXPECT_EQ(found, departures_of_segments(direction, false));
  // Order is kept, so only a segment that draws more than all before it leaves at a time of its own; of 24 or so that
  // are left of 30, the harmonic number of these: 3 to 4 of each super-frame.
  std::size_t moments = 0;
  for (auto it = found.begin(); it != found.end(); it = found.upper_bound(it->first)) ++moments;
  EXPECT_GT(moments, 40u);
}

// What the queue drops does not shift the fates of the packets after it.
TEST(Engine, TheFateIsThatOfTheIndexAtArrival) {
  Direction direction = rate(kTenMegabits);
  direction.loss = 0.3;
  direction.seed = 9;
  const auto arrived = [&](std::uint32_t queue) {
    direction.queue = PacketLimit{queue};
    Engine engine(direction);
    for (std::uint32_t i = 0; i < 300; ++i) engine.push(udp_frame(1514, i), i * kFrameTime / 2);
    std::vector<bool> result(300);
    for (const Seen& departure : drain(engine)) result[number_of(departure.frame)] = true;
    EXPECT_EQ(engine.statistics().snapshot().dropped_queue > 0, queue < 300);
    return result;
  };
  const std::vector<bool> all = arrived(300);
  const std::vector<bool> some = arrived(5);
  std::uint32_t dropped = 0;
  for (std::uint32_t i = 0; i < 300; ++i) {
    EXPECT_FALSE(some[i] && !all[i]) << "packet " << i << " has another fate";
    if (all[i] && !some[i]) ++dropped;
  }
  EXPECT_GT(dropped, 50u);
}

TEST(Engine, OnlyIpPacketsAreLostOrCounted) {
  Direction direction;
  direction.loss = 1;
  Engine engine(direction);
  engine.push(arp_frame(), Time(0));
  engine.push(udp_frame(100), Time(0));
  EXPECT_EQ(drain(engine).size(), 1u);
  // An ARP frame between them does not shift the fates of IP packets.
  direction.loss = 0.5;
  direction.seed = 11;
  Engine with(direction);
  for (std::uint32_t i = 0; i < 100; ++i) {
    with.push(udp_frame(100, i), Time(i));
    with.push(arp_frame(), Time(i));
  }
  const std::vector<bool> wanted = fates(11, 0.5, 100);
  std::vector<bool> found(100);
  for (const Seen& departure : drain(with)) {
    if (departure.frame.shape().is_ip) found[number_of(departure.frame)] = true;
  }
  EXPECT_EQ(found, wanted);
}

TEST(Engine, JitterKeepsOrderAndStaysInItsRange) {
  Direction direction;
  direction.delay = milliseconds(10);
  direction.jitter = milliseconds(4);
  direction.seed = 5;
  Engine engine(direction);
  std::vector<Time> sent;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    sent.push_back(i * milliseconds(10));  // far enough apart for order not to matter
    engine.push(udp_frame(100, i), sent.back());
  }
  double sum = 0;
  double least = 1e9;
  double most = 0;
  std::uint32_t next = 0;
  for (const Seen& departure : drain(engine)) {
    ASSERT_EQ(number_of(departure.frame), next);
    const double delay = std::chrono::duration<double, std::milli>(departure.at - sent[next]).count();
    sum += delay;
    least = std::min(least, delay);
    most = std::max(most, delay);
    ++next;
  }
  EXPECT_EQ(next, 2000u);
  EXPECT_NEAR(sum / 2000, 10, 0.2);
  EXPECT_GE(least, 6);
  EXPECT_LT(least, 6.1);
  EXPECT_LE(most, 14);
  EXPECT_GT(most, 13.9);

  Engine burst(direction);
  for (std::uint32_t i = 0; i < 500; ++i) burst.push(udp_frame(100, i), Time(i));
  const auto departures = drain(burst);
  for (std::uint32_t i = 0; i < 500; ++i) ASSERT_EQ(number_of(departures[i].frame), i);
}

TEST(Engine, AChangeLosesNothingAndActsOnWhatWaits) {
  Engine engine(rate(kTenMegabits));
  for (std::uint32_t i = 0; i < 10; ++i) engine.push(udp_frame(1514, i), Time(0));
  // In the middle of the second frame: that one ends at its old rate.
  Direction faster = rate(BitsPerSecond{100'000'000});
  faster.queue = PacketLimit{1};  // smaller than what waits, which is kept
  faster.delay = milliseconds(5);
  engine.change(faster, kFrameTime * 3 / 2);
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 10u);
  EXPECT_EQ(departures[0].at, kFrameTime);
  EXPECT_EQ(departures[1].at, 2 * kFrameTime + milliseconds(5));
  EXPECT_EQ(departures[9].at, 2 * kFrameTime + 8 * kFrameTime / 10 + milliseconds(5));
  EXPECT_EQ(engine.statistics().snapshot().dropped_queue, 0u);
}

TEST(Engine, WithoutARateWhatWaitedLeavesAtOnce) {
  Engine engine(rate(kTenMegabits));
  for (std::uint32_t i = 0; i < 10; ++i) engine.push(udp_frame(1514, i), Time(0));
  engine.change(Direction{}, milliseconds(1));
  engine.push(udp_frame(1514, 10), milliseconds(2));
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 11u);
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(departures[i].at, Time(milliseconds(1))) << i;
  EXPECT_EQ(departures[10].at, Time(milliseconds(2)));
}

TEST(Engine, AShorterDelayDoesNotOvertake) {
  Direction direction;
  direction.delay = milliseconds(100);
  Engine engine(direction);
  engine.push(udp_frame(100, 0), Time(0));
  direction.delay = milliseconds(1);
  engine.change(direction, milliseconds(10));
  engine.push(udp_frame(100, 1), milliseconds(10));
  const auto departures = drain(engine);
  ASSERT_EQ(departures.size(), 2u);
  EXPECT_EQ(number_of(departures[0].frame), 0u);
  EXPECT_EQ(departures[1].at, Time(milliseconds(100)));
}

TEST(Engine, AFrameTakenBackLeavesNoTrace) {
  Direction direction;
  direction.delay = milliseconds(10);
  Engine engine(direction);
  for (std::uint32_t i = 0; i < 3; ++i) engine.push(udp_frame(1514, i), Time(0));
  ASSERT_TRUE(engine.pop(milliseconds(10)));
  const auto late = engine.pop(milliseconds(500));
  const auto later = engine.pop(milliseconds(700));
  ASSERT_TRUE(late && later);
  EXPECT_EQ(late->delay, milliseconds(500));
  engine.take_back(late->frame, late->delay, Engine::Fate::overrun);
  engine.take_back(later->frame, later->delay, Engine::Fate::undelivered);
  const DirectionCounters counters = engine.statistics().snapshot();
  EXPECT_EQ(counters.packets, 1u);
  EXPECT_EQ(counters.bytes, 1514u);
  EXPECT_EQ(counters.overruns, 1u);
  EXPECT_EQ(counters.undelivered, 1u);
  EXPECT_EQ(counters.delay_nanoseconds, Nanoseconds(milliseconds(10)).count());
}

// What arrives while the thread is kept from running is read late. Such frames must meet the queue as it was when they
// arrived, and never leave faster than the rate.
TEST(Engine, ALateReaderChangesNeitherTheRateNorTheDrops) {
  Direction direction = rate(kTenMegabits);
  direction.queue = PacketLimit{20};
  const auto arrival = [](std::uint32_t i) { return i * kFrameTime * 4 / 5; };  // a quarter faster than the rate
  constexpr std::uint32_t kCount = 400;
  Engine punctual(direction);
  for (std::uint32_t i = 0; i < kCount; ++i) punctual.push(udp_frame(1514, i), arrival(i));
  const auto wanted = drain(punctual);

  Engine late(direction);
  std::vector<std::uint32_t> numbers;
  const auto pop_all = [&](Time now, Time known) {
    while (const auto departure = late.pop(now, known)) numbers.push_back(number_of(departure->frame));
  };
  for (std::uint32_t i = 0; i < kCount; ++i) {
    late.push(udp_frame(1514, i), arrival(i));
    // Reads ten, then looks at the clock, which is far ahead.
    if (i % 10 == 9) pop_all(arrival(i) + 50 * kFrameTime, arrival(i));
  }
  for (const Seen& departure : drain(late)) numbers.push_back(number_of(departure.frame));
  ASSERT_EQ(numbers.size(), wanted.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(numbers[i], number_of(wanted[i].frame));
  EXPECT_EQ(late.statistics().snapshot().dropped_queue, punctual.statistics().snapshot().dropped_queue);

  // Even one who does not know what is still to be read has no more than the rate.
  Engine hasty(direction);
  Time last{0};
  for (std::uint32_t i = 0; i < kCount; ++i) {
    hasty.push(udp_frame(1514, i), arrival(i));
    if (i % 10 != 9) continue;
    while (hasty.pop(arrival(i) + 50 * kFrameTime)) last += kFrameTime;
  }
  EXPECT_LE(last, arrival(kCount - 1) + 50 * kFrameTime);
}

TEST(Engine, CountersMayBeReadWhileFramesMove) {
  Engine engine(rate(BitsPerSecond{1'000'000'000}));
  std::thread writer([&engine] {
    for (std::uint32_t i = 0; i < 20000; ++i) {
      engine.push(udp_frame(1514, i), Time(i * 20000));
      engine.pop(Time(i * 20000));
    }
    drain(engine);
  });
  std::uint64_t last = 0;
  while (last < 20000) {
    const std::uint64_t now = engine.statistics().snapshot().packets;
    ASSERT_GE(now, last);
    last = now;
  }
  writer.join();
}

TEST(LatenessHistogram, PercentilesAreRightWithinAnEighth) {
  LatenessHistogram histogram;
  EXPECT_EQ(histogram.percentile(0.99), Nanoseconds(-1));
  for (int i = 1; i <= 1000; ++i) histogram.add(microseconds(i));
  for (const double share : {0.01, 0.5, 0.99, 1.0}) {
    const auto found = static_cast<double>(histogram.percentile(share).count());
    EXPECT_GE(found, share * 1e6);
    EXPECT_LE(found, share * 1e6 * 1.125 + 1);
  }
  LatenessHistogram small;
  small.add(Nanoseconds(-5));
  EXPECT_EQ(small.percentile(1), Nanoseconds(0));
}

}  // namespace
}  // namespace geomx::shaper
