#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/distance.h"
#include "tests/support/ps_faults.h"

// Jobs with TSEngine or DGT whose nodes die, are cut off and come back: what is on its way along their roads is not
// lost, and counts once.
namespace geomx::ps::testing {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr double kSame = 1e-5;  // sums in another order

Deployment with(Lines& lines, std::map<std::string, std::string> settings, std::vector<int> parties) {
  Deployment made = deployment(lines);
  made.party_workers = std::move(parties);
  settings.merge(made.settings);
  made.settings = std::move(settings);
  return made;
}

void expect_one_replica(const Trained& trained) {
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  for (const std::vector<Tensors>& replica : trained.history) {
    ASSERT_FALSE(replica.empty());
    EXPECT_EQ(replica.back(), trained.history[0].back());
  }
}

// Nothing is missing: the same as in an undisturbed job without the flow, but for the order of addition.
void expect_nothing_lost(const Trained& trained, const std::vector<int>& parties, const Regression& model) {
  expect_one_replica(trained);
  const Trained expected = train({.party_workers = parties}, inproc_medium(), model, sgd(0.1), kRounds);
  for (std::size_t tensor = 0; tensor < model.lengths.size(); ++tensor) {
    const std::vector<float>& reference = expected.history[0].back()[tensor];
    EXPECT_LT(
        test::distance(trained.history[0].back()[tensor], std::vector<double>(reference.begin(), reference.end())),
        kSame)
        << tensor;
  }
}

TEST(TsEngineFaultsTest, APartyGoesOnWithoutALostWorkerAndTakesItBack) {
  for (const bool again : {false, true}) {
    SCOPED_TRACE(again);
    Lines lines;
    Job* job = nullptr;
    std::atomic<bool> back = false;
    Training training = death_of(job, 1, again);
    if (again) await_return(training, 1, back);
    const Trained trained =
        train(with(lines, {{"ENABLE_INTRA_TS", "1"}}, {4}), inproc_medium(), {}, sgd(0.1), training);
    ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
    EXPECT_EQ(back, again);
    for (const std::size_t slice : {0, 2, 3}) {
      EXPECT_EQ(trained.history[slice].size(), kRounds + 1);
      EXPECT_EQ(trained.history[slice].back(), trained.history[0].back());
    }
    if (again) {
      EXPECT_EQ(trained.history[1].back(), trained.history[0].back());
    }
    EXPECT_THAT(lines.all(), Contains(HasSubstr("its party goes on with 3 of 4 workers")));
  }
}

// Some of a round's answers have reached it, and the others are of a later one. With TSEngine it may have others'
// gradients, and they its.
class CutOffTest : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Flows, CutOffTest, ::testing::Values("none", "ENABLE_INTRA_TS", "ENABLE_P3"),
                         [](const auto& flow) { return std::string(flow.param); });

TEST_P(CutOffTest, AWorkerThatIsCutOffInTheMiddleOfARoundComesBack) {
  for (std::uint64_t disorder = 1; disorder <= 2; ++disorder) {
    SCOPED_TRACE(disorder);
    Lines lines;
    Job* job = nullptr;
    Training training = once(job, 2, kFault, [&](Job& made) {
      made.cut_of(1).cut();
      made.beside([&] {
        EXPECT_TRUE(lines.count_reaches("its party goes on with 4 of 5 workers", 2));
        made.cut_of(1).heal();
      });
    });
    training.disorder = disorder;
    training.prepare = [&job](Job& made) {
      job = &made;
      made.cut_of(1);
    };
    // Others do not finish before it is back.
    training.before = [&, first = training.before](std::size_t slice, std::size_t round) {
      first(slice, round);
      if (slice == 2 && round == kRounds) {
        EXPECT_TRUE(lines.count_reaches("takes part again from round", 2));
      }
    };
    Deployment servers = with(lines, {}, {5});
    if (GetParam() != std::string("none")) servers.settings[GetParam()] = "1";
    servers.party_servers = 2;
    servers.bigarray_bound = 50;  // longer tensors are on both
    expect_one_replica(train(servers, inproc_medium(), {}, sgd(0.1), training));
  }
}

TEST(TsEngineFaultsTest, APartyServerThatIsStartedAgainTakesPartAgain) {
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 2, kFault, [](Job& made) { made.party(1).kill(); });
  const std::vector<int> parties{1, 2, 1, 2};
  const Trained trained = train(with(lines, {{"ENABLE_INTER_TS", "1"}, {"ENABLE_INTRA_TS", "1"}}, parties),
                                inproc_medium(), {}, sgd(0.1), training);
  expect_nothing_lost(trained, parties, {});
}

TEST(TsEngineFaultsTest, ACutOfTheWanHeals) {
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 2, kFault, [&](Job& made) {
    made.party(1).cut_wan();
    made.beside([&made, &lines] {
      EXPECT_TRUE(lines.count_reaches("a round that needs it waits", 1));
      made.party(1).heal_wan();
    });
  });
  const std::vector<int> parties{1, 2, 1, 2};
  const Trained trained =
      train(with(lines, {{"ENABLE_INTER_TS", "1"}}, parties), inproc_medium(), {}, sgd(0.1), training);
  expect_nothing_lost(trained, parties, {});
}

// Who has asked the old ones asks the new ones.
TEST(TsEngineFaultsTest, SchedulersMayBeginAnew) {
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 1, kFault, [&](Job& made) {
    made.restart_schedulers();
    EXPECT_TRUE(lines.count_reaches("the job runs already: ", 5));
  });
  const std::vector<int> parties{3, 2, 2};
  const Trained trained = train(with(lines, {{"ENABLE_INTER_TS", "1"}, {"ENABLE_INTRA_TS", "1"}}, parties),
                                inproc_medium(), {}, sgd(0.1), training);
  expect_nothing_lost(trained, parties, {});
}

TEST(TsEngineFaultsTest, AGlobalServerThatIsStartedAgainIsToldAgain) {
  Lines lines;
  const TemporaryFolder folder;
  Job* job = nullptr;
  const std::vector<int> parties{1, 2, 2};
  Deployment faulty = with(lines, {{"ENABLE_INTER_TS", "1"}}, parties);
  faulty.checkpoints = folder.path();
  faulty.checkpoint_every = 3;
  const Training training = once(job, 1, 9, [](Job& made) { made.global().kill(); });
  expect_nothing_lost(train(faulty, inproc_medium(), {}, sgd(0.1), training), parties, {});
}

// ESync's state server is in the global scheduler: one who has reported to the old one reports to the new one.
TEST(EsyncFaultsTest, SchedulersMayBeginAnew) {
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 1, kFault, [&](Job& made) {
    made.restart_schedulers();
    EXPECT_TRUE(lines.count_reaches("the job runs already: ", 4));
  });
  expect_one_replica(train(with(lines, {{"GEOMX_SYNC", "esync"}}, {2, 2}), inproc_medium(), {}, sgd(0.1), training));
}

// Four bits change numbers, and the others are lossless here: no datagram is dropped, and deferred blocks come later.
class DgtFaultsTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::map<std::string, std::string> settings() const {
    return {{"ENABLE_DGT", GetParam()},
            {"DMLC_K", "0.4"},
            {"DGT_BLOCK_SIZE", "64"},
            {"GEOMX_DGT_WAIT", "2"},
            {"DMLC_UDP_CHANNEL_NUM", "2"}};
  }
};
INSTANTIATE_TEST_SUITE_P(Modes, DgtFaultsTest, ::testing::Values("1", "2", "3"),
                         [](const auto& mode) { return std::string("mode_") + mode.param; });

TEST_P(DgtFaultsTest, APartyServerThatIsStartedAgainTakesPartAgain) {
  Lines lines;
  Job* job = nullptr;
  const Training training = once(job, 1, kFault, [](Job& made) { made.party(0).kill(); });
  expect_one_replica(train(with(lines, settings(), {2, 2}), inproc_medium(), {}, sgd(0.1), training));
}

TEST_P(DgtFaultsTest, AGlobalServerThatIsStartedAgainTakesPartAgain) {
  Lines lines;
  const TemporaryFolder folder;
  Job* job = nullptr;
  Deployment faulty = with(lines, settings(), {2, 2});
  faulty.checkpoints = folder.path();
  faulty.checkpoint_every = 3;
  const Training training = once(job, 1, 9, [](Job& made) { made.global().kill(); });
  expect_one_replica(train(faulty, inproc_medium(), {}, sgd(0.1), training));
}

TEST_P(DgtFaultsTest, APartyGoesOnWithoutALostWorker) {
  Lines lines;
  Job* job = nullptr;
  Training training = death_of(job, 1, false);
  Deployment faulty = with(lines, settings(), {2, 2});
  faulty.settings["ADAPTIVE_K_FLAG"] = "1";
  const Trained trained = train(faulty, inproc_medium(), {}, sgd(0.1), training);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  for (const std::size_t slice : {0, 2, 3}) {
    EXPECT_EQ(trained.history[slice].size(), kRounds + 1);
    EXPECT_EQ(trained.history[slice].back(), trained.history[0].back());
  }
}

}  // namespace
}  // namespace geomx::ps::testing
