#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "tests/support/distance.h"
#include "tests/support/ps_faults.h"

// Whole jobs whose nodes die, are cut off and come back.
namespace geomx::ps::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What is left of it when worker 1 takes no part from a round on: the mean is over the other three.
std::vector<std::vector<double>> without_worker_1(const Regression& model, std::size_t from) {
  std::vector<std::vector<double>> tensors;
  for (std::size_t key = 0; key < model.lengths.size(); ++key) {
    const std::vector<float> start = model.initial(key);
    std::vector<double> weights(start.begin(), start.end());
    ReferenceOptimizer optimizer(adam(0.05), weights.size());
    for (std::size_t round = 1; round <= kRounds; ++round) {
      std::vector<double> mean(weights.size()), mine(weights.size());
      const double count = round < from ? 4 : 3;
      for (std::size_t worker = 0; worker < 4; ++worker) {
        if (round >= from && worker == 1) continue;
        model.gradient<double>(key, worker, round, weights, mine);
        for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += mine[i] / count;
      }
      optimizer.step(weights, mean);
    }
    tensors.push_back(std::move(weights));
  }
  return tensors;
}

TEST(JobFaultsTest, APartyGoesOnWithoutALostWorkerAndTheMeanIsOverTheRest) {
  const Regression model;
  Lines lines;
  Job* job = nullptr;
  Training training = death_of(job, 1, false);
  Deployment observed = deployment(lines);
  std::mutex mutex;
  std::map<std::uint64_t, std::uint32_t> absent;  // workers, by round
  observed.on_absence = [&](const KvServer::Absence& absence) {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(absent.emplace(absence.round, absence.workers).second) << absence.round;
  };
  const Trained trained = train(observed, inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  EXPECT_EQ(absent.size(), kRounds - kFault + 1);
  for (const auto& [round, workers] : absent) {
    EXPECT_GE(round, kFault);
    EXPECT_EQ(workers, 1u);
  }
  const auto expected = without_worker_1(model, kFault);
  for (const std::size_t slice : {0, 2, 3}) {
    ASSERT_EQ(trained.history[slice].size(), kRounds + 1);
    EXPECT_EQ(trained.history[slice].back(), trained.history[0].back());
    for (std::size_t key = 0; key < model.lengths.size(); ++key) {
      EXPECT_LT(test::distance(trained.history[slice].back()[key], expected[key]), 1e-5) << key;
    }
  }
  EXPECT_THAT(lines.all(), Contains(AllOf(HasSubstr("worker 1 ("), HasSubstr(") has been silent for "),
                                          HasSubstr("its party goes on with 1 of 2 workers"))));
}

TEST(JobFaultsTest, AWorkerThatIsStartedAgainTakesPartAgain) {
  const Regression model;
  Lines lines;
  Job* job = nullptr;
  std::atomic<bool> back = false;
  Training training = death_of(job, 1, true);
  await_return(training, 1, back);
  const Trained trained = train(deployment(lines), inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  EXPECT_TRUE(back);
  for (std::size_t slice = 0; slice < 4; ++slice) {
    EXPECT_EQ(trained.history[slice].back(), trained.history[0].back()) << slice;
  }
  EXPECT_THAT(lines.all(), Contains(HasSubstr(") takes part again from round ")));
}

TEST(JobFaultsTest, WithThePolicyWaitNothingOfALostWorkerIsMissing) {
  const Regression model;
  Lines lines;
  Job* job = nullptr;
  Training training = death_of(job, 1, true);
  const Trained trained = train(deployment(lines, "wait"), inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_same_ends(trained, undisturbed(model), 4);
  EXPECT_THAT(lines.all(),
              Contains(AllOf(HasSubstr("worker 1 ("), HasSubstr("a round that needs it waits for it to come back"))));
}

TEST(JobFaultsTest, APartyServerThatIsStartedAgainGoesOnWhereItsPartyWas) {
  const Regression model;
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 1, kFault, [](Job& made) { made.party(0).kill(); });
  const Trained trained = train(deployment(lines), inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_same_ends(trained, undisturbed(model), 4);
}

TEST(JobFaultsTest, ACutOfTheWanThatLastsLongerThanTheTimeoutHeals) {
  const Regression model;
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 1, kFault, [&](Job& made) {
    made.party(0).cut_wan();
    made.beside([&made, &lines] {
      EXPECT_TRUE(lines.count_reaches("a round that needs it waits", 1));
      made.party(0).heal_wan();
    });
  });
  const Trained trained = train(deployment(lines), inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_same_ends(trained, undisturbed(model), 4);
  EXPECT_THAT(lines.all(), Contains(HasSubstr(") is back")));
}

// Of two parties of two workers, each of whose gradients is a power of two of its own: what the weights come to counts
// every contribution of every round. Party 0's WAN is cut for a while that nobody notices.
double weight_after_a_short_cut(const std::string& sync) {
  Lines lines;
  Deployment short_cut = deployment(lines);
  short_cut.settings["GEOMX_SYNC"] = sync;
  short_cut.adjust = [](PlaneConfig& plane) {
    plane.heartbeat_interval = std::chrono::duration<double>(0.1);
    plane.heartbeat_timeout = 5s;
  };
  Job job(short_cut, inproc_medium());
  std::vector<std::vector<float>> weights(5, std::vector<float>(3)), gradients(5, std::vector<float>(3));
  const Ends ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
    KvWorker& kv = session.kv();
    std::vector<float>& mine = weights[slice.value_or(4)];
    begin_with_zeros(session, sgd(1), mine);
    if (!slice) return;
    std::vector<float>& gradient = gradients[*slice];
    std::fill(gradient.begin(), gradient.end(), static_cast<float>(4 << *slice));
    for (std::size_t round = 1; round <= kRounds; ++round) {
      if (*slice == 1 && round == kFault) {
        job.party(0).hold_wan();
        job.beside([&] {
          EXPECT_FALSE(lines.count_reaches("silent", 1, in(300ms)));  // so long it is cut
          job.party(0).release_wan();
        });
      }
      kv.wait(kv.push_pull(0, gradient, mine));
    }
    kv.wait(kv.pull(0, mine));
  });
  EXPECT_THAT(ends.all(), Each(IsEmpty()));
  EXPECT_THAT(lines.all(), Each(Not(HasSubstr("silent"))));
  double lowest = 0;  // as the last one saw it
  for (std::size_t slice = 0; slice < 4; ++slice) {
    lowest = std::min(lowest, static_cast<double>(*std::ranges::min_element(weights[slice])));
  }
  return lowest;
}

TEST(JobFaultsTest, ACutOfTheWanThatIsShorterThanTheTimeoutLosesNothing) {
  EXPECT_EQ(weight_after_a_short_cut("fsa"), -15.0 * kRounds);          // (4 + 8 + 16 + 32) / 4
  EXPECT_EQ(weight_after_a_short_cut("mixed"), -(6.0 + 24) * kRounds);  // (4 + 8) / 2, and (16 + 32) / 2
}

// Between parties, each round of which is a step of its own: the other party is done long before the link is there
// again.
TEST(JobFaultsTest, WithMixedSyncTheOtherPartiesGoOnWithoutAPartyThatIsCutOff) {
  const Regression model;
  Lines lines;
  Deployment mixed = deployment(lines);
  mixed.settings["GEOMX_SYNC"] = "mixed";
  Job* job = nullptr;
  Count others_done;
  Training training = once(job, 1, kFault, [&](Job& made) {
    made.party(0).cut_wan();
    made.beside([&] {
      EXPECT_TRUE(lines.count_reaches("a round that needs it waits", 1));
      EXPECT_TRUE(others_done.reaches(2));
      made.party(0).heal_wan();
    });
  });
  std::array<std::atomic<std::size_t>, 4> rounds{};
  std::atomic<std::size_t> of_the_cut_at_the_end = 0;
  training.after = [&](std::size_t slice, std::size_t round) {
    rounds[slice] = round;
    if (slice < 2 || round < kRounds) return;
    of_the_cut_at_the_end = rounds[0].load();
    others_done.add();
  };
  const Trained trained = train(mixed, inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  EXPECT_LT(of_the_cut_at_the_end, kFault);
  for (std::size_t slice = 0; slice < 4; ++slice) EXPECT_EQ(trained.history[slice].size(), kRounds + 1) << slice;
  EXPECT_THAT(lines.all(), Contains(HasSubstr(") is back")));
}

TEST(JobFaultsTest, SchedulersMayBeginAnew) {
  const Regression model;
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 1, kFault, [&](Job& made) {
    made.restart_schedulers();
    EXPECT_TRUE(lines.count_reaches("the job runs already: ", 4));
  });
  const Trained trained = train(deployment(lines), inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_same_ends(trained, undisturbed(model), 4);
}

// With rounds since the last checkpoint, which party servers and central workers push again.
TEST(JobFaultsTest, AGlobalServerThatIsStartedAgainGoesOnFromItsCheckpoint) {
  const Regression model;
  for (const bool central : {false, true}) {
    SCOPED_TRACE(central);
    Lines lines;
    const TemporaryFolder folder;
    Deployment calm;
    calm.central_trains = central;
    calm.central_workers = central ? 2 : 1;
    const std::size_t workers = central ? 6 : 4;
    const Trained expected = train(calm, inproc_medium(), model, adam(0.05), kRounds);
    Deployment faulty = deployment(lines);
    faulty.central_trains = calm.central_trains;
    faulty.central_workers = calm.central_workers;
    faulty.checkpoints = folder.path();
    faulty.checkpoint_every = 3;
    Job* job = nullptr;
    const Training training = once(job, 1, 9, [](Job& made) { made.global().kill(); });
    const Trained trained = train(faulty, inproc_medium(), model, adam(0.05), training);
    EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
    expect_same_ends(trained, expected, workers);
  }
}

}  // namespace
}  // namespace geomx::ps::testing
