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
  EXPECT_NEAR(sent * static_cast<double>(kBytes), pacer.rate(), 0.02 * pacer.rate());  // with a first burst
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

// A sender whose thread wakes late sends more slowly than it may; all of it arrives as it was sent.
TEST(Pacer, ASenderThatIsKeptFromSendingDoesNotTakeItForTheRoad) {
  Pacer pacer;
  pacer.report({.sent = 100, .arrived = 50, .bytes = 49 * kBytes, .span = microseconds(49 * 1120)});  // doubles no more
  const double before = pacer.rate();
  auto now = Clock::time_point(std::chrono::hours(1));
  for (int report = 0; report < 20; ++report) {
    const auto gap = std::chrono::microseconds(static_cast<long>(4e6 * kBytes / before));
    for (int i = 0; i < 100; ++i) pacer.sent(kBytes, now += gap);
    pacer.report({.sent = 100, .arrived = 100, .bytes = 99 * kBytes, .span = 99 * gap});
  }
  EXPECT_GE(pacer.rate(), before);
}

// A road whose queue takes everything lets it through at its own rate.
TEST(Pacer, ALongQueueIsNotFilled) {
  Pacer pacer;
  pacer.report({.sent = 100, .arrived = 50, .bytes = 49 * kBytes, .span = microseconds(49 * 1120)});  // doubles no more
  auto now = Clock::time_point(std::chrono::hours(1));
  constexpr double kRoad = 500e3;
  for (int report = 0; report < 20; ++report) {
    const double rate = pacer.rate();
    for (int i = 0; i < 100; ++i) pacer.sent(kBytes, now += microseconds(static_cast<long>(1e6 * kBytes / rate)));
    const double through = std::min(rate, kRoad);
    pacer.report({.sent = 100,
                  .arrived = 100,
                  .bytes = 99 * kBytes,
                  .span = microseconds(static_cast<long>(99e6 * kBytes / through))});
  }
  EXPECT_LT(pacer.rate(), 1.25 * kRoad);
  EXPECT_GT(pacer.rate(), 0.9 * kRoad);
}

TEST(Pacer, NeverStopsWhenNothingArrives) {
  Pacer pacer;
  for (int i = 0; i < 100; ++i) pacer.report({.sent = 100, .arrived = 0, .bytes = 0, .span = {}});
  EXPECT_GE(pacer.rate(), 25e3);
}

}  // namespace
}  // namespace geomx::ps
