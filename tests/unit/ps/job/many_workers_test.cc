// 64 workers in 8 parties, as threads of one process: for TSan, which sees every one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ps_job.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

TEST(ManyWorkersTest, SixtyFourInEightPartiesForAHundredRounds) {
  constexpr std::size_t kRounds = 100;
  const Regression model{.lengths = {3, 16, 5}};
  Deployment deployment{.party_workers = std::vector<int>(8, 8), .global_servers = 2};
  deployment.join_timeout = 60;
  const Trained trained = train(deployment, inproc_medium(), model, sgd(0.05), kRounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  for (const std::vector<Tensors>& replica : trained.history) {
    ASSERT_EQ(replica.size(), kRounds + 1);
    EXPECT_EQ(replica.back(), trained.history[0].back());
  }
}

}  // namespace
}  // namespace geomx::ps::testing
