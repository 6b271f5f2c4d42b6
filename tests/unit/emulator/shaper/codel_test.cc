#include "emulator/shaper/codel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace geomx::shaper {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kDeep = 100'000;

// Packets come to the head of the queue every 0.1 ms, having waited for `sojourn`: when they are hit.
std::vector<double> hits(Codel& codel, Nanoseconds from, Nanoseconds until, Nanoseconds sojourn,
                         std::uint64_t left = kDeep) {
  std::vector<double> times;
  for (Nanoseconds now = from; now < until; now += 100us) {
    while (codel.hits(now, sojourn, left)) times.push_back(std::chrono::duration<double>(now).count());
  }
  return times;
}

TEST(Codel, LeavesAShortQueueAlone) {
  Codel codel(CodelSettings{});
  EXPECT_TRUE(hits(codel, 0s, 10s, 4900us).empty());
  EXPECT_TRUE(hits(codel, 10s, 20s, 50ms, 1514).empty());  // no more than a packet waits
}

TEST(Codel, WaitsForAnInterval) {
  Codel codel(CodelSettings{});
  EXPECT_TRUE(hits(codel, 0ms, 90ms, 20ms).empty());
  EXPECT_TRUE(hits(codel, 90ms, 91ms, 1ms).empty());
  EXPECT_TRUE(hits(codel, 91ms, 190ms, 20ms).empty());
  EXPECT_EQ(hits(codel, 190ms, 200ms, 20ms).size(), 1u);
}

TEST(Codel, DropsEverSoonerByTheSquareRoot) {
  Codel codel(CodelSettings{.target = 5ms, .interval = 100ms});
  const auto found = hits(codel, 0s, 3s, 20ms);
  // RFC 8289, 3.3: the n-th follows the one before it by the interval over the square root of n.
  std::vector<double> wanted{0.1};
  double next = 0.2;
  for (int n = 2; next < 3; ++n) {
    wanted.push_back(next);
    next += 0.1 / std::sqrt(n);
  }
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1.01e-4) << i;
}

TEST(Codel, RemembersHowOftenItHadToDrop) {
  Codel codel(CodelSettings{});
  const auto first = hits(codel, 0s, 2s, 20ms);
  ASSERT_GT(first.size(), 20u);
  EXPECT_TRUE(hits(codel, 2000ms, 2050ms, 1ms).empty());
  // The queue grows again at once: the frequency is near the one that was enough.
  const auto again = hits(codel, 2050ms, 2350ms, 20ms);
  Codel fresh(CodelSettings{});
  EXPECT_GT(again.size(), 2 * hits(fresh, 2050ms, 2350ms, 20ms).size());
  // Long after, it begins anew.
  EXPECT_TRUE(hits(codel, 2350ms, 10s, 1ms).empty());
  EXPECT_EQ(hits(codel, 10s, 10s + 290ms, 20ms).size(), 3u);  // after 100, 200 and 271 ms
}

TEST(Codel, AnEmptyQueueEndsIt) {
  Codel codel(CodelSettings{});
  EXPECT_FALSE(hits(codel, 0s, 1s, 20ms).empty());
  codel.rest();
  EXPECT_TRUE(hits(codel, 1s, 1s + 99ms, 20ms).empty());
}

}  // namespace
}  // namespace geomx::shaper
