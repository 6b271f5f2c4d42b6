#include "ps/flow/pacer.h"

#include <gtest/gtest.h>

namespace geomx::ps {
namespace {

using Clock = Pacer::Clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kBytes = 1400;

// A road that carries so many bytes/s and drops what is faster: one push of 100 datagrams, and its report.
void push(Pacer& pacer, double road) {
  constexpr std::uint64_t kCount = 100;
  const double through = std::min(road, pacer.rate());
  const auto arrived = static_cast<std::uint64_t>(kCount * through / pacer.rate());
  const double seconds = static_cast<double>((kCount - 1) * kBytes) / pacer.rate();
  pacer.report({.sent = kCount,
                .arrived = arrived,
                .bytes = (arrived - 1) * kBytes,
                .span = microseconds(static_cast<long>(seconds * 1e6))});
}

TEST(Pacer, SpacesDatagramsByItsRate) {
  Pacer pacer;
  auto now = Clock::time_point(std::chrono::hours(1));
  const auto start = now;
  int sent = 0;
  while (now - start < std::chrono::seconds(1)) {
    now = std::max(now, pacer.next());
    pacer.sent(kBytes, now);
    ++sent;
  }
  EXPECT_NEAR(sent * static_cast<double>(kBytes), pacer.rate(), 0.01 * pacer.rate());
}

TEST(Pacer, FindsTheRateOfTheRoad) {
  for (const double road : {125e3, 1.25e6, 12.5e6, 125e6}) {
    Pacer pacer;
    for (int i = 0; i < 60; ++i) push(pacer, road);
    EXPECT_GT(pacer.rate(), 0.9 * road);
    EXPECT_LT(pacer.rate(), 1.3 * road);
  }
}

TEST(Pacer, FollowsARoadThatBecomesSlowerAndFaster) {
  Pacer pacer;
  for (int i = 0; i < 20; ++i) push(pacer, 12.5e6);
  for (int i = 0; i < 20; ++i) push(pacer, 1.25e6);
  EXPECT_LT(pacer.rate(), 1.3 * 1.25e6);
  for (int i = 0; i < 60; ++i) push(pacer, 12.5e6);
  EXPECT_GT(pacer.rate(), 0.9 * 12.5e6);
}

TEST(Pacer, ALittleLossIsNoReasonToSlowDown) {
  Pacer pacer;
  for (int i = 0; i < 20; ++i) push(pacer, 12.5e6);
  const double before = pacer.rate();
  pacer.report({.sent = 100, .arrived = 98, .bytes = 97 * kBytes, .span = microseconds(97 * 112)});  // 12.5 MB/s
  EXPECT_GT(pacer.rate(), 0.9 * before);
}

TEST(Pacer, NeverStopsWhenNothingArrives) {
  Pacer pacer;
  for (int i = 0; i < 100; ++i) pacer.report({.sent = 100, .arrived = 0, .bytes = 0, .span = {}});
  EXPECT_GE(pacer.rate(), 25e3);
}

}  // namespace
}  // namespace geomx::ps
