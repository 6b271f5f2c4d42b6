#include "emulator/shaper/statistics.h"

#include <gtest/gtest.h>

namespace geomx::shaper {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Buckets are an eighth of their value wide: what is that far from a limit is on the right side of it.
TEST(LatenessHistogram, CountsWhatIsAboveALimit) {
  LatenessHistogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  for (int i = 0; i < 90; ++i) histogram.add(microseconds(10 * i));  // up to 0.89 ms
  for (int i = 0; i < 7; ++i) histogram.add(microseconds(1200 + 500 * i));
  histogram.add(std::chrono::hours(1));
  histogram.add(-milliseconds(1));  // early is not late
  EXPECT_EQ(histogram.count(), 99u);
  EXPECT_EQ(histogram.above(milliseconds(1)), 8u);
  EXPECT_EQ(histogram.above(std::chrono::seconds(1)), 1u);
}

TEST(DirectionStatistics, ASnapshotSaysHowManyWereLate) {
  DirectionStatistics statistics;
  statistics.lateness.add(microseconds(50));
  statistics.lateness.add(milliseconds(5));
  const DirectionCounters counters = statistics.snapshot();
  EXPECT_EQ(counters.timed_packets, 2u);
  EXPECT_EQ(counters.late_packets, 1u);
}

}  // namespace
}  // namespace geomx::shaper
