// Jobs with TSEngine, in one process: the same sums as without, along other roads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>

#include "tests/support/distance.h"
#include "tests/support/ps_job.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

constexpr double kSame = 1e-5;  // sums in another order

using Variables = std::map<std::string, std::string>;

// Trains with and without; all replicas are equal after every so many-th round, and the two jobs but for the order of
// addition.
void expect_same_as_without(Deployment deployment, const Variables& variables, const Medium& medium,
                            std::size_t every = 1) {
  constexpr std::size_t rounds = 20;
  const Trained plain = train(deployment, medium, {}, sgd(0.1), rounds);
  deployment.settings.insert(variables.begin(), variables.end());
  const Trained trained = train(deployment, medium, {}, sgd(0.1), rounds, 1);
  ASSERT_THAT(plain.ends.all(), Each(IsEmpty()));
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_throughout(trained.history, rounds, every);
  for (std::size_t tensor = 0; tensor < plain.history[0].back().size(); ++tensor) {
    const std::vector<float>& reference = plain.history[0].back()[tensor];
    EXPECT_LT(
        test::distance(trained.history[0].back()[tensor], std::vector<double>(reference.begin(), reference.end())),
        kSame)
        << "tensor " << tensor;
  }
}

TEST(TsEngineJob, EightWorkersOfAPartySumAmongThemselves) {
  expect_same_as_without({.party_workers = {8}}, {{"ENABLE_INTRA_TS", "1"}}, inproc_medium());
}

TEST(TsEngineJob, OverRealSocketsToo) {
  expect_same_as_without({.party_workers = {4, 3}}, {{"ENABLE_INTRA_TS", "1"}}, zmq_medium());
}

TEST(TsEngineJob, PartiesSumAmongThemselves) {
  expect_same_as_without({.party_workers = {1, 2, 1, 3, 1}}, {{"ENABLE_INTER_TS", "1"}}, inproc_medium());
}

TEST(TsEngineJob, OnBothLevelsWithSeveralServersAndTheCentralParty) {
  expect_same_as_without({.party_workers = {3, 2, 4},
                          .party_servers = 2,
                          .global_servers = 3,
                          .central_workers = 2,
                          .central_trains = true,
                          .bigarray_bound = 50},
                         {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_INTER_TS", "1"}}, inproc_medium());
}

TEST(TsEngineJob, PartiesCountAlikeWhereTheyDoWithout) {
  expect_same_as_without(
      {.party_workers = {1, 3, 2},
       .settings = {{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "2"}, {"MXNET_KVSTORE_HFA_K2", "2"}}},
      {{"ENABLE_INTRA_TS", "1"}, {"ENABLE_INTER_TS", "1"}}, inproc_medium(), 2);
}

TEST(TsEngineJob, ExploringAllTheTimeChangesNothing) {
  expect_same_as_without({.party_workers = {6}}, {{"ENABLE_INTRA_TS", "1"}, {"MAX_GREED_RATE_TS", "0"}},
                         inproc_medium());
}

// A round of a megabyte, in 64 chunks, between 8 workers and a server, each of which sends at most 8 MB/s.
double seconds_for_a_round(const Variables& variables) {
  Deployment deployment{.party_workers = {8}, .bigarray_bound = 1000};
  deployment.settings = variables;
  Job job(deployment, faulty_medium(inproc_medium(), {.rate = 8e6}));
  constexpr std::size_t kLength = 250'000;
  constexpr int kRounds = 4;
  std::vector<std::vector<float>> all(9, std::vector<float>(kLength)), gradients(9, std::vector<float>(kLength, 1));
  double seconds = 0;
  const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
    KvWorker& kv = session.kv();
    std::vector<float>& weights = all[slice.value_or(8)];
    if (session.master()) {
      kv.configure(sgd(0.1));
      kv.wait(kv.init(0, weights));
    }
    kv.wait(kv.pull(0, weights));
    session.barrier("initialised");
    if (!slice) return;
    auto start = Clock::now();
    for (int round = 0; round <= kRounds; ++round) {
      if (round == 1) start = Clock::now();
      kv.wait(kv.push_pull(0, gradients[*slice], weights));
    }
    if (*slice == 0) seconds = std::chrono::duration<double>(Clock::now() - start).count() / kRounds;
  });
  EXPECT_THAT(ends.all(), Each(IsEmpty()));
  return seconds;
}

TEST(TsEngineJob, AServerIsNotTheBottleneck) {
  const double plain = seconds_for_a_round({});
  const double engine = seconds_for_a_round({{"ENABLE_INTRA_TS", "1"}});
  std::cout << "8 workers, one server, 8 MB/s each, 1 MB: a round takes " << plain << " s without TSEngine, " << engine
            << " s with it\n";
  EXPECT_LT(engine, 0.8 * plain);
}

}  // namespace
}  // namespace geomx::ps::testing
