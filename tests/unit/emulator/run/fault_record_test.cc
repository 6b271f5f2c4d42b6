#include "emulator/run/fault_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace geomx::run {
namespace {

using testing::HasSubstr;

Presence lost(const std::string& process, double time) {
  return {true, "worker 0", process, 15.2, time};
}
Presence returned(const std::string& process, double time) {
  return {false, "worker 0", process, 0, time};
}

TEST(FaultRecord, NothingHasHappened) {
  const FaultSummary summary = FaultRecord().summary();
  EXPECT_EQ(summary.lost + summary.returned + summary.missing_gradients, 0);
  EXPECT_EQ(fault_lines(summary), "");
}

TEST(FaultRecord, TellsWhoWasAwayFromWhenToWhen) {
  FaultRecord record;
  record.add("b-scheduler", lost("b-worker-1:99", 12.34));
  record.add("b-scheduler", returned("b-worker-1:140", 20));
  record.add("b-scheduler", lost("b-worker-0:98", 30));
  record.add("b-scheduler", lost("b-worker-1:140", 40));
  const FaultSummary summary = record.summary();
  EXPECT_EQ(summary.lost, 3);
  EXPECT_EQ(summary.returned, 1);
  EXPECT_EQ(fault_lines(summary),
            "  faults: 3 nodes lost, 1 back\n"
            "    b-worker-0: lost at 30.0 s\n"
            "    b-worker-1: lost at 12.3 s, back at 20.0 s\n"
            "    b-worker-1: lost at 40.0 s\n");
}

// A party server is in two planes, and a cut between parties silences it in one of them alone.
TEST(FaultRecord, ANodeOfTwoPlanesCountsOnce) {
  FaultRecord record;
  for (const char* scheduler : {"a-scheduler", "central-global-scheduler"}) {
    record.add(scheduler, lost("a-server-0:7", 5));
    record.add(scheduler, returned("a-server-0:8", 9));
  }
  record.add("central-global-scheduler", lost("a-server-0:8", 20));
  const FaultSummary summary = record.summary();
  EXPECT_EQ(summary.lost, 2);
  EXPECT_EQ(summary.returned, 1);
  ASSERT_EQ(summary.outages.size(), 2u);
  EXPECT_EQ(summary.outages[1].lost, 20);
  EXPECT_FALSE(summary.outages[1].returned);
}

// Two servers of a party each hold a part of the model: the same workers are missing from both.
TEST(FaultRecord, CountsTheGradientsThatRoundsLacked) {
  FaultRecord record;
  record.add("a", Absence{5, 1, 1});
  record.add("a", Absence{5, 2, 1.1});
  record.add("a", Absence{6, 1, 2});
  record.add("b", Absence{5, 1, 1});
  const FaultSummary summary = record.summary();
  EXPECT_EQ(summary.missing_gradients, 2 + 1 + 1);
  EXPECT_THAT(fault_lines(summary), HasSubstr("0 nodes lost, 0 back; rounds closed without 4 gradients\n"));
}

TEST(FaultRecord, SaysWhoseWordItIs) {
  EXPECT_EQ(host_of(lost("b-worker-1:99", 1)), "b-worker-1");
  EXPECT_EQ(host_of(lost("odd", 1)), "odd");
  EXPECT_EQ(describe(lost("b-worker-0:99", 1), "b-scheduler"), "silent for 15.2 s (worker 0 of b-scheduler's plane)");
  EXPECT_EQ(describe(returned("b-worker-0:99", 1), "b-scheduler"), "worker 0 of b-scheduler's plane");
}

}  // namespace
}  // namespace geomx::run
