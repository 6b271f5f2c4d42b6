#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "tests/support/distance.h"
#include "tests/support/ps_job.h"

// Whole jobs whose nodes die, are cut off and come back. A death is silence, so these tests mostly wait: all cases of
// one run beside each other.
namespace geomx::ps::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kRounds = 12;
constexpr std::size_t kFault = 5;  // the round before which something happens

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = std::filesystem::temp_directory_path() / "geomx-faults-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) throw Error("cannot make " + path);
    path_ = path;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path() const { return path_; }

 private:
  std::string path_;
};

// The lines that servers say.
class Lines {
 public:
  Log log() {
    return [this](int level, const std::string& line) {
      if (level > kNecessary) return;
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
      said_.notify_all();
    };
  }
  bool count_reaches(const std::string& part, int count) const {
    std::unique_lock lock(mutex_);
    return said_.wait_until(lock, soon(), [&] {
      return std::count_if(lines_.begin(), lines_.end(),
                           [&](const std::string& line) { return line.find(part) != std::string::npos; }) >= count;
    });
  }
  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable said_;
  std::vector<std::string> lines_;
};

Deployment deployment(Lines& lines, const std::string& policy = "drop") {
  Deployment deployment;
  deployment.settings["GEOMX_ON_WORKER_DEATH"] = policy;
  deployment.log = lines.log();
  deployment.adjust = [](PlaneConfig& plane) {
    plane.heartbeat_interval = std::chrono::duration<double>(0.1);
    plane.heartbeat_timeout = std::chrono::duration<double>(0.7);
    plane.rejoin_timeout = 20s;
  };
  return deployment;
}

Trained undisturbed(const Regression& model) {
  return train(Deployment{}, inproc_medium(), model, adam(0.05), kRounds);
}

// Once, when a worker is about to push in the round.
Training once(Job*& job, std::size_t slice, std::size_t round, const std::function<void(Job& job)>& what) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  Training training{.rounds = kRounds};
  training.prepare = [&job](Job& made) { job = &made; };
  training.before = [&job, done, slice, round, what](std::size_t mine, std::size_t now) {
    if (mine == slice && now == round && !done->exchange(true)) what(*job);
  };
  return training;
}

void expect_same_ends(const Trained& trained, const Trained& expected, std::size_t workers) {
  for (std::size_t slice = 0; slice < workers; ++slice) {
    ASSERT_FALSE(trained.history[slice].empty());
    EXPECT_EQ(trained.history[slice].back(), expected.history[slice].back()) << "slice " << slice;
    EXPECT_EQ(trained.store[slice], expected.store[slice]) << "slice " << slice;
  }
}

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
  Training training = once(job, 1, kFault, [](Job& made) {
    made.cut_of(1).cut();
    throw Killed{};
  });
  training.prepare = [&job](Job& made) {
    job = &made;
    made.cut_of(1);
  };
  const Trained trained = train(deployment(lines), inproc_medium(), model, adam(0.05), training);
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
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
  Training training = once(job, 1, kFault, [](Job& made) {
    made.cut_of(1).cut();
    throw Killed{.again = true};
  });
  training.prepare = [&job](Job& made) {
    job = &made;
    made.cut_of(1);
  };
  // The others dawdle in the last rounds until it is back.
  training.before = [&, first = training.before](std::size_t slice, std::size_t round) {
    first(slice, round);
    if (slice == 1 && round > kFault) back = true;
    for (const auto deadline = soon(); slice == 0 && round == kRounds - 1 && !back && Clock::now() < deadline;) {
      std::this_thread::yield();
    }
  };
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
  Training training = once(job, 1, kFault, [](Job& made) {
    made.cut_of(1).cut();
    throw Killed{.again = true};
  });
  training.prepare = [&job](Job& made) {
    job = &made;
    made.cut_of(1);
  };
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
  std::thread healer;
  const Training training = once(job, 1, kFault, [&](Job& made) {
    made.party(0).cut_wan();
    healer = std::thread([&made, &lines] {
      EXPECT_TRUE(lines.count_reaches("a round that needs it waits", 1));
      made.party(0).heal_wan();
    });
  });
  const Trained trained = train(deployment(lines), inproc_medium(), model, adam(0.05), training);
  healer.join();
  EXPECT_THAT(trained.ends.all(), Each(IsEmpty()));
  expect_same_ends(trained, undisturbed(model), 4);
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
