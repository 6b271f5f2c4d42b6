#include "ps/server/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace geomx::ps {
namespace {

TEST(CensusTest, CountsPartiesAndTheCentralWorkers) {
  Census census(5, 2, 1);
  EXPECT_FALSE(census.complete());
  census.count(2, 1);
  census.count(2, 1);
  EXPECT_TRUE(census.complete());
  EXPECT_EQ(census.disagreement(), "");
}

TEST(CensusTest, TheServersOfAPartyShareItsWorkers) {
  Census census(5, 4, 0);
  for (int i = 0; i < 3; ++i) census.count(4, 3);  // a party of 4 workers and 3 servers
  census.count(1, 1);
  EXPECT_EQ(census.disagreement(), "");
}

TEST(CensusTest, SaysWhoTrains) {
  Census census(4, 1, 0);
  census.count(6, 1);
  EXPECT_EQ(
      census.disagreement(),
      "DMLC_NUM_ALL_WORKER is 4 at the global server, but 6 workers train (6 in the parties, 0 in the central one)");
}

TEST(CensusTest, ComparesWhatANodeBelieves) {
  const Census census(4);
  EXPECT_TRUE(census.complete());
  EXPECT_EQ(census.disagreement(), "");
  EXPECT_EQ(Census::compare(4, 4), "");
  EXPECT_EQ(Census::compare(0, 4), "");
  EXPECT_EQ(Census::compare(6, 4), "DMLC_NUM_ALL_WORKER is 6 here, but 4 at the global server");
}

}  // namespace
}  // namespace geomx::ps
