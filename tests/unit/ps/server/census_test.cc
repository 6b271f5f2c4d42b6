#include "ps/server/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace geomx::ps {
namespace {

proto::Trainee trainee(const std::string& name, std::uint64_t slice, std::uint64_t rounds = 10) {
  proto::Trainee worker;
  worker.set_name(name);
  worker.set_slice(slice);
  worker.set_rounds(rounds);
  return worker;
}

TEST(CensusTest, CountsPartiesAndTheCentralWorkers) {
  Census census(3);
  census.count_party(trainee("a", 2));
  census.count_party(trainee("b", 0));
  census.count_central(trainee("c", 1));
  EXPECT_EQ(census.disagreement(), "");
}

TEST(CensusTest, SaysWhoTrains) {
  Census census(4);
  for (std::uint64_t slice = 0; slice < 5; ++slice) census.count_party(trainee("a", slice));
  census.count_central(trainee("c", 5));
  EXPECT_EQ(
      census.disagreement(),
      "DMLC_NUM_ALL_WORKER is 4 at the global server, but 6 workers train (5 in the parties, 1 in the central one)");
}

TEST(CensusTest, NobodySharesASlice) {
  Census census(3);
  census.count_party(trainee("worker 0 (a:1)", 0));
  census.count_party(trainee("worker 1 (a:2)", 1));
  census.count_party(trainee("worker 0 (b:1)", 1));
  EXPECT_EQ(census.disagreement(),
            "both worker 1 (a:2) and worker 0 (b:1) train on data slice 1: each worker needs one of its own "
            "(--data-slice-idx)");
}

TEST(CensusTest, AllTrainForTheSameNumberOfRounds) {
  Census census(2);
  census.count_party(trainee("worker 0 (a:1)", 0, 12));
  census.count_party(trainee("worker 1 (a:2)", 1, 60));
  EXPECT_EQ(
      census.disagreement(),
      "worker 1 (a:2) would train for 60 rounds, and worker 0 (a:1) for 12 rounds: --epoch, --rounds and --batch-size "
      "must be the same for all workers");
}

TEST(CensusTest, ComparesWhatANodeBelieves) {
  EXPECT_EQ(compare_all_workers(4, 4), "");
  EXPECT_EQ(compare_all_workers(0, 4), "");
  EXPECT_EQ(compare_all_workers(6, 4), "DMLC_NUM_ALL_WORKER is 6 here, but 4 at the global server");
}

}  // namespace
}  // namespace geomx::ps
