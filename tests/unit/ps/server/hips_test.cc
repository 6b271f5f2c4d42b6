// Training through both levels of servers against one process that has all samples (reference.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ps_job.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 20;

void expect_identical_replicas(const History& history, std::size_t rounds) {
  for (std::size_t slice = 0; slice < history.size(); ++slice) {
    ASSERT_EQ(history[slice].size(), rounds + 1) << "worker " << slice;
    for (std::size_t round = 0; round <= rounds; ++round) {
      ASSERT_EQ(history[slice][round], history[0][round]) << "worker " << slice << ", round " << round;
    }
  }
}

void expect_near_reference(const Tensors& weights, const Regression& model, const proto::OptimizerConfig& optimizer,
                           int workers, std::size_t rounds) {
  const auto reference = model.train(optimizer, static_cast<std::size_t>(workers), rounds);
  for (std::size_t tensor = 0; tensor < reference.size(); ++tensor) {
    const std::vector<float> start = model.initial(tensor);
    EXPECT_LT(distance(weights[tensor], reference[tensor]), 1e-6) << "tensor " << tensor;
    EXPECT_GT(distance(start, reference[tensor]), 1e-3) << "tensor " << tensor << " has not been trained";
  }
}

void expect_correct(const Deployment& deployment, const Medium& medium, const proto::OptimizerConfig& optimizer,
                    const Regression& model = {}, std::size_t rounds = kRounds) {
  const Trained trained = train(deployment, medium, model, optimizer, rounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_replicas(trained.history, rounds);
  expect_near_reference(trained.history[0].back(), model, optimizer, deployment.workers(), rounds);
}

class HipsTest : public ::testing::TestWithParam<std::string> {
 protected:
  Medium network() const { return medium(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Media, HipsTest, ::testing::ValuesIn(all_media()),
                         [](const auto& test) { return test.param; });

TEST_P(HipsTest, TwoPartiesOfTwoWorkersEqualOneProcess) {
  expect_correct({}, network(), sgd(0.3, 0.9));
}

TEST_P(HipsTest, AdamRunsOnTheGlobalServer) {
  expect_correct({}, network(), adam(0.02));
}

TEST_P(HipsTest, CentralWorkersJoinAsOneMoreParty) {
  expect_correct({.central_workers = 2, .central_trains = true}, network(), sgd(0.3));
}

TEST_P(HipsTest, TensorsAreShardedOverSeveralServersOnBothLevels) {
  // A bound of 50 splits the tensors of 64 and 300 elements; the others go to one server each.
  expect_correct({.party_servers = 2, .global_servers = 3, .bigarray_bound = 50}, network(), sgd(0.3, 0.9));
}

TEST_P(HipsTest, UnequalPartiesWeighByTheirWorkers) {
  expect_correct({.party_workers = {1, 3}}, network(), sgd(0.3));
}

TEST_P(HipsTest, WithoutPartiesTheCentralWorkersTrainAlone) {
  expect_correct({.party_workers = {}, .central_workers = 3, .central_trains = true}, network(), adam(0.02));
}

TEST(HipsDeterminismTest, TheSameBytesWhateverTheTiming) {
  const Deployment deployment{.party_workers = {3, 3, 3}, .global_servers = 2, .bigarray_bound = 50};
  const auto network = [](std::uint64_t seed) {
    return faulty_medium(inproc_medium(), {.seed = seed, .delay = milliseconds(0), .jitter = milliseconds(2)});
  };
  const Trained once = train(deployment, network(1), {}, adam(0.02), kRounds, 1);
  const Trained again = train(deployment, network(2), {}, adam(0.02), kRounds, 2);
  ASSERT_THAT(once.ends.all(), Each(IsEmpty()));
  ASSERT_THAT(again.ends.all(), Each(IsEmpty()));
  expect_identical_replicas(once.history, kRounds);
  EXPECT_EQ(once.history, again.history);
}

TEST(HipsLongTensorTest, ChunksOfALongTensorOverlap) {
  const Regression model{.lengths = {70'000}};  // 32 chunks
  expect_correct({.bigarray_bound = 10'000}, inproc_medium(), sgd(0.3, 0.9), model, 4);
}

TEST(HipsFailureTest, AWrongNumberOfAllWorkersIsRefusedAtTheStart) {
  Job job({.num_all_workers = 5, .join_timeout = 3}, inproc_medium());
  const Ends ends = job.run([](Session&, std::optional<std::size_t>) { FAIL() << "nobody should get this far"; });
  EXPECT_THAT(ends.servers, Each(HasSubstr("DMLC_NUM_ALL_WORKER is 5 at the global server, but 4 workers train")));
  EXPECT_THAT(ends.workers, Each(HasSubstr("DMLC_NUM_ALL_WORKER is 5 at the global server")));
}

TEST(HipsFailureTest, AFailingWorkerEndsEverybodyWithItsReason) {
  Job job({}, inproc_medium());
  const Ends ends = job.run([](Session& session, std::optional<std::size_t> slice) {
    if (session.master()) {
      session.kv().configure(sgd(0.1));
      const std::vector<float> initial(8, 1.0F);
      session.kv().wait(session.kv().init(0, initial));
    }
    std::vector<float> weights(8), gradient(8);
    session.kv().wait(session.kv().pull(0, weights));
    if (!slice) return;
    if (*slice == 3) throw Error("the data set is unreadable");
    session.kv().wait(session.kv().push_pull(0, gradient, weights));
  });
  EXPECT_EQ(ends.workers[3], "the data set is unreadable");
  EXPECT_THAT(std::vector(ends.workers.begin(), ends.workers.begin() + 3), Each(HasSubstr("worker 1 (")));
  EXPECT_THAT(ends.servers, Each(HasSubstr("worker 1 (")));
}

}  // namespace
}  // namespace geomx::ps::testing
