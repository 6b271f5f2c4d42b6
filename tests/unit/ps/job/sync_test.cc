// Every algorithm through both levels of servers, against its formulas (sync_reference.h); and each characteristic term
// is shown to matter: without it the reference is somewhere else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "ps/optim/optimizer.h"
#include "tests/support/distance.h"
#include "tests/support/ps_job.h"
#include "tests/support/sync_reference.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 20;
constexpr double kSame = 1e-5;
constexpr double kOther = 1e-3;  // a term that is left out moves the weights at least so far

using Reference = std::function<Vector(const Problem& problem)>;

// Trains, and compares the last replicas with the reference; `without` lacks the characteristic term.
void expect_reference(const Deployment& deployment, const Regression& model, const proto::OptimizerConfig& optimizer,
                      const Reference& reference, const Reference& without) {
  const Trained trained = train(deployment, inproc_medium(), model, optimizer, kRounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_replicas(trained.history, kRounds);
  double moved = 0;
  for (std::size_t tensor = 0; tensor < model.lengths.size(); ++tensor) {
    const Problem problem{model, tensor, optimizer, deployment.parties()};
    const std::vector<float>& weights = trained.history[0][kRounds][tensor];
    EXPECT_LT(test::distance(weights, reference(problem)), kSame) << "tensor " << tensor;
    EXPECT_EQ(trained.store[0][tensor], weights) << "tensor " << tensor << ": the servers hold something else";
    moved = std::max(moved, test::distance(without(problem), reference(problem)));
  }
  EXPECT_GT(moved, kOther) << "the term makes no difference here: the test could not miss it";
}

// HFA -----------------------------------------------------------------------------------------------------------------

Deployment hfa(std::size_t k1, std::size_t k2) {
  return {.settings = {{"MXNET_KVSTORE_HFA_K1", std::to_string(k1)},
                       {"MXNET_KVSTORE_HFA_K2", std::to_string(k2)},
                       {"GEOMX_SYNC", "hfa"}}};
}

TEST(HfaTest, FollowsItsFormula) {
  Deployment deployment = hfa(3, 4);
  deployment.party_workers = {1, 3};
  // The characteristic: between K2 rounds parties go their own ways, and count the same whatever their workers.
  expect_reference(
      deployment, {}, sgd(0.3, 0.9), [](const Problem& p) { return reference_hfa(p, {.k1 = 3, .k2 = 4}, kRounds); },
      [](const Problem& p) { return reference_hfa(p, {.k1 = 3, .k2 = 1}, kRounds); });
}

// In the order in which the servers add, and in float32, every bit is the same.
TEST(HfaTest, IsBitForBitOneProcessThatAddsInTheSameOrder) {
  const Regression model;
  const Trained trained = train(hfa(2, 3), inproc_medium(), model, adam(0.02), 12);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  for (std::size_t tensor = 0; tensor < model.lengths.size(); ++tensor) {
    const std::size_t n = model.lengths[tensor];
    std::vector<float> milestone = model.initial(tensor);
    std::vector<std::vector<float>> parties(2, milestone), learnt(2, std::vector<float>(n));
    std::vector<std::unique_ptr<Optimizer>> optimizers;
    for (int worker = 0; worker < 4; ++worker) optimizers.push_back(make_optimizer(adam(0.02), n));
    for (std::size_t round = 1; round <= 12; ++round) {
      for (std::size_t party = 0; party < 2; ++party) {
        std::vector<std::vector<float>> differences;
        for (const std::size_t slice : {2 * party, 2 * party + 1}) {
          std::vector<float> w = parties[party], gradient(n);
          for (std::size_t step = 2 * round - 1; step <= 2 * round; ++step) {
            model.gradient<float>(tensor, slice, step, w, gradient);
            optimizers[slice]->step(w, gradient, 1, w);
          }
          for (std::size_t i = 0; i < n; ++i) w[i] -= parties[party][i];
          differences.push_back(w);
        }
        for (std::size_t i = 0; i < n; ++i) {
          learnt[party][i] += 0.5F * (differences[0][i] + differences[1][i]);
          parties[party][i] = milestone[i] + learnt[party][i];
        }
      }
      if (round % 3 != 0) continue;
      for (std::size_t i = 0; i < n; ++i) milestone[i] += 0.5F * (learnt[0][i] + learnt[1][i]);
      parties.assign(2, milestone);
      learnt.assign(2, std::vector<float>(n));
    }
    EXPECT_EQ(trained.history[3][12][tensor], milestone) << "tensor " << tensor;
  }
}

TEST(HfaTest, PartiesGoTheirOwnWaysInBetween) {
  const Trained trained = train(hfa(2, 4), inproc_medium(), {}, sgd(0.3), 12);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  for (const std::size_t round : {4u, 8u, 12u}) expect_identical_replicas(trained.history, round);
  for (const std::size_t round : {1u, 3u, 5u, 11u}) {
    EXPECT_EQ(trained.history[0][round], trained.history[1][round]) << "round " << round;
    EXPECT_NE(trained.history[0][round], trained.history[2][round]) << "round " << round;
  }
}

// A job that ends between two global rounds ends with one.
TEST(HfaTest, NothingThatWasLearntIsLeftBehind) {
  const Deployment deployment = hfa(1, 8);
  const Trained trained = train(deployment, inproc_medium(), {}, sgd(0.3), 13);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_replicas(trained.history, 13);
  const Regression model;
  const Problem problem{model, 3, sgd(0.3), deployment.parties()};
  EXPECT_LT(test::distance(trained.store[0][3], reference_hfa(problem, {.k1 = 1, .k2 = 8}, 13)), kSame);
}

TEST(HfaTest, TheCentralPartyIsOneMore) {
  Deployment deployment = hfa(2, 2);
  deployment.central_trains = true;
  deployment.central_workers = 2;
  expect_reference(
      deployment, {}, adam(0.02), [](const Problem& p) { return reference_hfa(p, {.k1 = 2, .k2 = 2}, kRounds); },
      [](const Problem& p) { return reference_hfa(p, {.k1 = 2, .k2 = 1}, kRounds); });
}

// DiLoCo --------------------------------------------------------------------------------------------------------------

TEST(DilocoTest, FollowsItsFormula) {
  const Deployment deployment{.party_workers = {2, 1},
                              .settings = {{"GEOMX_SYNC", "diloco"}, {"GEOMX_DILOCO_STEPS", "5"}}};
  expect_reference(
      deployment, {}, adamw(0.01, 0.1),
      [](const Problem& p) { return reference_hfa(p, {.k1 = 5, .k2 = 1, .rate = 0.7, .momentum = 0.9}, kRounds); },
      [](const Problem& p) { return reference_hfa(p, {.k1 = 5, .k2 = 1, .rate = 0.7, .momentum = 0}, kRounds); });
}

TEST(DilocoTest, TheCentralPartyIsOneMore) {
  const Deployment deployment{.central_workers = 2,
                              .central_trains = true,
                              .settings = {{"GEOMX_SYNC", "diloco"},
                                           {"GEOMX_DILOCO_STEPS", "2"},
                                           {"MXNET_KVSTORE_HFA_K2", "3"},
                                           {"GEOMX_OUTER_LEARNING_RATE", "0.5"},
                                           {"GEOMX_OUTER_MOMENTUM", "0.6"}}};
  expect_reference(
      deployment, {}, sgd(0.1),
      [](const Problem& p) { return reference_hfa(p, {.k1 = 2, .k2 = 3, .rate = 0.5, .momentum = 0.6}, kRounds); },
      [](const Problem& p) { return reference_hfa(p, {.k1 = 2, .k2 = 3, .rate = 0.5, .momentum = 0}, kRounds); });
}

// ESync ---------------------------------------------------------------------------------------------------------------

TEST(EsyncJobTest, FollowsItsFormula) {
  for (const bool central_trains : {false, true}) {
    const Deployment deployment{.central_trains = central_trains,
                                .settings = {{"GEOMX_SYNC", "esync"}, {"GEOMX_OUTER_LEARNING_RATE", "0.8"}},
                                .steps = [](const proto::State& report, std::uint64_t count) -> std::uint32_t {
                                  return static_cast<std::uint32_t>(1 + (report.worker() + count) % 3);
                                }};
    // The first round is of one step, the others of what the state server has said.
    const auto steps = [](std::size_t slice, std::size_t round) {
      return round == 1 ? std::size_t{1} : 1 + (slice + round - 1) % 3;
    };
    expect_reference(
        deployment, {}, sgd(0.2, 0.5), [&](const Problem& p) { return reference_esync(p, 0.8, kRounds, steps); },
        [](const Problem& p) {
          return reference_esync(p, 0.8, kRounds, [](std::size_t, std::size_t) { return std::size_t{1}; });
        });
  }
}

// A worker whose batches take long makes one step where the others make several, so that nobody waits for it.
TEST(EsyncJobTest, TheStateServerGivesTheFastMoreSteps) {
  Deployment deployment{.party_workers = {1, 1}, .settings = {{"GEOMX_SYNC", "esync"}, {"GEOMX_ESYNC_MAX_STEPS", "5"}}};
  EsyncPlanner planner;
  std::mutex mutex;
  // What the two would report: 100 ms and 20 ms a step.
  deployment.steps = [&](const proto::State& report, std::uint64_t) {
    const std::lock_guard lock(mutex);
    return planner.steps(report.worker(), {.step_seconds = report.worker() == 0 ? 0.1 : 0.02}, 5);
  };
  std::map<std::size_t, std::size_t> batches;
  const Training training{.rounds = 12, .before = [&](std::size_t slice, std::size_t) {
                            const std::lock_guard lock(mutex);
                            ++batches[slice];
                          }};
  const Trained trained = train(deployment, inproc_medium(), {}, sgd(0.2), training);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  EXPECT_EQ(batches[0], 12u);
  EXPECT_GE(batches[1], 8u * 5u);  // all but the first rounds
  EXPECT_LE(batches[1], 12u * 5u);
}

// A worker that evaluates after its rounds is no slower for it.
TEST(EsyncJobTest, WhatIsDoneBetweenStepsIsNotTheirTime) {
  constexpr double kPause = 0.1;  // seconds
  Deployment deployment{.party_workers = {1, 1}, .settings = {{"GEOMX_SYNC", "esync"}}};
  std::mutex mutex;
  std::vector<double> told;
  deployment.steps = [&](const proto::State& report, std::uint64_t) -> std::uint32_t {
    const std::lock_guard lock(mutex);
    if (report.worker() == 0) told.push_back(report.step_seconds());
    return 1;
  };
  const Training training{.rounds = 9, .after = [&](std::size_t slice, std::size_t) {
                            if (slice == 0) std::this_thread::sleep_for(std::chrono::duration<double>(kPause));
                          }};
  const Trained trained = train(deployment, inproc_medium(), {}, sgd(0.2), training);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  ASSERT_EQ(told.size(), 9u);
  std::sort(told.begin(), told.end());
  EXPECT_LT(told[4], kPause / 2);  // the median: a machine may be busy
}

// MixedSync -----------------------------------------------------------------------------------------------------------

// Lets one party at a time push, in a given order. The first turn comes when all workers are there: they have pulled
// the initial values, which the first push changes.
class Turns {
 public:
  Turns(std::vector<std::size_t> order, std::vector<std::size_t> workers)
      : order_(std::move(order)), workers_(std::move(workers)) {}

  void await(std::size_t slice, std::size_t party) {
    std::unique_lock lock(mutex_);
    if (there_.insert(slice).second) changed_.notify_all();
    const std::size_t all = std::accumulate(workers_.begin(), workers_.end(), std::size_t{0});
    const bool came = changed_.wait_until(
        lock, soon(), [&] { return there_.size() == all && next_ < order_.size() && order_[next_] == party; });
    if (!came) throw Error("its turn has not come");
  }
  void done(std::size_t party) {
    const std::lock_guard lock(mutex_);
    if (++done_ < workers_[party]) return;
    done_ = 0;
    ++next_;
    changed_.notify_all();
  }

 private:
  const std::vector<std::size_t> order_;
  const std::vector<std::size_t> workers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::size_t> there_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;  // workers of the party whose turn it is
};

struct Mixed3 {
  std::vector<std::size_t> turns;
  Trained trained;
};

// Three parties (the third is the central one) of 2, 1 and 2 workers; the second is a straggler: it pushes all that it
// has when the others are far ahead.
Mixed3 train_mixed(const std::map<std::string, std::string>& more, const Regression& model,
                   const proto::OptimizerConfig& optimizer) {
  Mixed3 mixed;
  for (std::size_t round = 0; round < kRounds; ++round) {
    mixed.turns.insert(mixed.turns.end(), {0, 2});
    if (round % 5 == 4) mixed.turns.insert(mixed.turns.end(), 5, 1);
  }
  Deployment deployment{
      .party_workers = {2, 1}, .central_workers = 2, .central_trains = true, .settings = {{"GEOMX_SYNC", "mixed"}}};
  deployment.settings.insert(more.begin(), more.end());
  Turns turns(mixed.turns, {2, 1, 2});
  const std::vector<std::size_t> party_of = {0, 0, 1, 2, 2};
  mixed.trained = train(deployment, inproc_medium(), model, optimizer,
                        {.rounds = kRounds,
                         .before = [&](std::size_t slice, std::size_t) { turns.await(slice, party_of[slice]); },
                         .after = [&](std::size_t slice, std::size_t) { turns.done(party_of[slice]); }});
  return mixed;
}

void expect_mixed(const Mixed3& mixed, const Regression& model, const proto::OptimizerConfig& optimizer, double lambda,
                  double other_lambda) {
  ASSERT_THAT(mixed.trained.ends.all(), Each(IsEmpty()));
  double moved = 0;
  for (std::size_t tensor = 0; tensor < model.lengths.size(); ++tensor) {
    const Problem problem{model, tensor, optimizer, {{0, 1}, {2}, {3, 4}}};
    const Vector reference = reference_mixed(problem, mixed.turns, lambda);
    // The last turn was the second party's.
    EXPECT_LT(test::distance(mixed.trained.history[2].back()[tensor], reference), kSame) << "tensor " << tensor;
    EXPECT_EQ(mixed.trained.history[0].back(), mixed.trained.history[1].back());
    EXPECT_EQ(mixed.trained.history[3].back(), mixed.trained.history[4].back());
    moved = std::max(moved, test::distance(reference_mixed(problem, mixed.turns, other_lambda), reference));
  }
  EXPECT_GT(moved, kOther);
}

TEST(MixedTest, StepsOnEachPartysMeanAtOnce) {
  const Regression model;
  const Mixed3 mixed = train_mixed({}, model, sgd(0.2));
  expect_mixed(mixed, model, sgd(0.2), 0, 2);
}

// With lambda large enough to be seen in 20 rounds; w_prev is each party's own.
TEST(MixedTest, DcasgdFollowsItsFormula) {
  const Regression model;
  const Mixed3 mixed = train_mixed({{"GEOMX_DCASGD", "1"}, {"GEOMX_DCASGD_LAMBDA", "2"}}, model, sgd(0.2));
  expect_mixed(mixed, model, sgd(0.2), 2, 0);
}

TEST(MixedTest, APartyThatIsFasterIsNotHeldUp) {
  // The first party trains to its end while the second has not pushed once.
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t finished = 0;
  const Training training{.rounds = kRounds,
                          .before =
                              [&](std::size_t slice, std::size_t) {
                                std::unique_lock lock(mutex);
                                if (slice < 2) return;
                                if (!changed.wait_until(lock, soon(), [&] { return finished == 2; })) {
                                  throw Error("the first party has been held up");
                                }
                              },
                          .after =
                              [&](std::size_t slice, std::size_t round) {
                                const std::lock_guard lock(mutex);
                                if (slice < 2 && round == kRounds && ++finished == 2) changed.notify_all();
                              }};
  const Trained trained = train({.settings = {{"GEOMX_SYNC", "mixed"}}}, inproc_medium(), {}, sgd(0.1), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
}

// Bi-Sparse -----------------------------------------------------------------------------------------------------------

Deployment bisparse(const char* bound = "50") {
  return {.settings = {
              {"GEOMX_CODEC", "bisparse"}, {"GEOMX_BISPARSE_RATIO", "0.1"}, {"MXNET_KVSTORE_SIZE_LOWER_BOUND", bound}}};
}

TEST(BisparseJobTest, FollowsItsFormula) {
  const Regression model{.lengths = {300, 128}};
  // SGD without momentum: momentum correction is on.
  expect_reference(
      bisparse(), model, sgd(0.1), [](const Problem& p) { return reference_bisparse(p, {}, kRounds); },
      [](const Problem& p) { return reference_bisparse(p, {.momentum = 0}, kRounds); });
  expect_reference(
      bisparse(), model, sgd(0.1), [](const Problem& p) { return reference_bisparse(p, {}, kRounds); },
      [](const Problem& p) { return reference_bisparse(p, {.keep = false}, kRounds); });
  // With another optimizer it is off, and error feedback stays.
  expect_reference(
      bisparse(), model, adam(0.02), [](const Problem& p) { return reference_bisparse(p, {.momentum = 0}, kRounds); },
      [](const Problem& p) { return reference_bisparse(p, {.momentum = 0, .keep = false}, kRounds); });
}

// Small tensors are sent whole, and the workers step on them, too.
TEST(BisparseJobTest, SmallTensorsAreSentWhole) {
  const Deployment deployment = bisparse("1000");
  const Trained trained = train(deployment, inproc_medium(), {}, adam(0.02), kRounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_identical_replicas(trained.history, kRounds);
  const auto reference = Regression{}.train(adam(0.02), 4, kRounds);
  for (std::size_t tensor = 0; tensor < reference.size(); ++tensor) {
    EXPECT_LT(test::distance(trained.history[0].back()[tensor], reference[tensor]), kSame) << "tensor " << tensor;
  }
}

TEST(BisparseJobTest, TheCentralPartyIsOneMore) {
  Deployment deployment = bisparse();
  deployment.central_trains = true;
  const Regression model{.lengths = {300}};
  expect_reference(
      deployment, model, sgd(0.1), [](const Problem& p) { return reference_bisparse(p, {}, kRounds); },
      [](const Problem& p) { return reference_bisparse(p, {.keep = false}, kRounds); });
}

// The settings --------------------------------------------------------------------------------------------------------

// As in the original's examples, where options are the workers'.
TEST(SettingsJobTest, WhatTheWorkersAreToldReachesTheServers) {
  const Deployment told_workers{.workers_settings = {{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "2"}}};
  const Deployment told_all{.settings = told_workers.workers_settings};
  const Trained one = train(told_workers, inproc_medium(), {}, sgd(0.3), 10);
  const Trained two = train(told_all, inproc_medium(), {}, sgd(0.3), 10);
  ASSERT_THAT(one.ends.all(), Each(IsEmpty()));
  EXPECT_EQ(one.history, two.history);
}

TEST(SettingsJobTest, TwoNodesThatWereToldDifferentThingsEndTheJob) {
  const Deployment deployment{
      .join_timeout = 3, .settings = {{"GEOMX_CODEC", "fp16"}}, .workers_settings = {{"GEOMX_BISPARSE_RATIO", "0.5"}}};
  Job fine(deployment, inproc_medium());
  EXPECT_THAT(fine.run([](Session&, std::optional<std::size_t>) {}).all(), Each(IsEmpty()));
  for (const bool master : {true, false}) {
    Job job({.join_timeout = 3}, inproc_medium());
    const Ends ends = job.run([](Session&, std::optional<std::size_t>) { FAIL() << "nobody should get this far"; },
                              [&](NodeConfig& config) {
                                if (config.master_worker == master) config.job.set("GEOMX_CODEC", "fp16");
                                if (config.master_worker != master) config.job.set("GEOMX_CODEC", "bf16");
                              });
    EXPECT_THAT(ends.workers,
                Each(::testing::ContainsRegex("GEOMX_CODEC is (fp16|bf16) at .*, but (fp16|bf16) at .*")));
  }
}

}  // namespace
}  // namespace geomx::ps::testing
