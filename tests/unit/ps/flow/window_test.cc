#include "ps/flow/window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

namespace geomx::ps {
namespace {

using Clock = Window::Clock;
using std::chrono::milliseconds;

constexpr std::size_t kSlice = 64 * 1024;

// A road with a rate and a delay, on a clock of its own: a sender that always has something, and a window.
struct Road {
  double rate = 0;  // bytes/s
  Clock::duration round_trip{};
  Clock::time_point now{std::chrono::hours(1)};
  Clock::time_point free{};
  struct Sent {
    Clock::time_point at, acknowledged;
  };
  std::deque<Sent> sent{};
  std::size_t most_queued = 0;  // bytes that waited for the road's rate, of late

  // Sends for so long; returns the bytes that arrived.
  double run(Window& window, Clock::duration time) {
    const auto end = now + time;
    double arrived = 0;
    most_queued = 0;
    while (now < end) {
      while (window.open()) {
        window.sent(kSlice);
        free = std::max(free, now) + std::chrono::duration_cast<Clock::duration>(
                                         std::chrono::duration<double>(static_cast<double>(kSlice) / rate));
        sent.push_back({now, free + round_trip});
        const double queued = std::chrono::duration<double>(free - now).count() * rate;
        most_queued = std::max(most_queued, static_cast<std::size_t>(queued));
      }
      now = sent.front().acknowledged;
      window.acknowledged(kSlice, sent.front().at, now, true);
      sent.pop_front();
      arrived += kSlice;
    }
    return arrived;
  }
};

TEST(Window, FillsALongRoadAndQueuesLittle) {
  for (const double mbit : {10.0, 100.0, 1000.0}) {
    Road road{.rate = mbit * 1e6 / 8, .round_trip = milliseconds(60)};
    Window window(kSlice);
    road.run(window, std::chrono::seconds(8));
    const double arrived = road.run(window, std::chrono::seconds(4));
    EXPECT_GT(arrived, 0.95 * 4 * road.rate) << mbit << " Mbit/s";
    EXPECT_LE(road.most_queued, 6 * kSlice) << mbit << " Mbit/s";
  }
}

TEST(Window, FollowsARoadThatBecomesSlowerAndFaster) {
  Road road{.rate = 12.5e6, .round_trip = milliseconds(40)};
  Window window(kSlice);
  road.run(window, std::chrono::seconds(5));
  road.rate = 1.25e6;
  road.run(window, std::chrono::seconds(15));
  road.run(window, std::chrono::seconds(5));
  EXPECT_LE(road.most_queued, 10 * kSlice);  // with what it took for the road in two periods
  road.rate = 12.5e6;
  road.run(window, std::chrono::seconds(5));
  EXPECT_GT(road.run(window, std::chrono::seconds(2)), 0.9 * 2 * 12.5e6);
}

TEST(Window, BelievesALongerRoad) {
  Road road{.rate = 12.5e6, .round_trip = milliseconds(5)};
  Window window(kSlice);
  road.run(window, std::chrono::seconds(5));
  road.round_trip = milliseconds(80);
  road.run(window, std::chrono::seconds(30));
  EXPECT_GT(road.run(window, std::chrono::seconds(4)), 0.9 * 4 * 12.5e6);
}

TEST(Window, DoesNotGrowForOneWhoHasNothingToSend) {
  Window window(kSlice);
  auto now = Clock::time_point(std::chrono::hours(1));
  for (int i = 0; i < 100; ++i) {
    window.sent(kSlice);
    window.acknowledged(kSlice, now, now + milliseconds(50), false);
    now += milliseconds(100);
  }
  EXPECT_EQ(window.size(), 2 * kSlice);
  EXPECT_EQ(window.in_flight(), 0u);
}

}  // namespace
}  // namespace geomx::ps
