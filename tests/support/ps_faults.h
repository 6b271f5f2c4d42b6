#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "tests/support/ps_job.h"

// What tests of jobs whose nodes die, are cut off and come back have in common. A death is silence, so they mostly
// wait.
namespace geomx::ps::testing {

using namespace std::chrono_literals;

inline constexpr std::size_t kRounds = 12;
inline constexpr std::size_t kFault = 5;  // the round before which something happens

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
  bool count_reaches(const std::string& part, int count, Clock::time_point deadline = soon()) const {
    std::unique_lock lock(mutex_);
    return said_.wait_until(lock, deadline, [&] {
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

inline Deployment deployment(Lines& lines, const std::string& policy = "drop") {
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

inline Trained undisturbed(const Regression& model) {
  return train(Deployment{}, inproc_medium(), model, adam(0.05), kRounds);
}

// Once, when a worker is about to push in the round.
inline Training once(Job*& job, std::size_t slice, std::size_t round, const std::function<void(Job& job)>& what) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  Training training{.rounds = kRounds};
  training.prepare = [&job](Job& made) { job = &made; };
  training.before = [&job, done, slice, round, what](std::size_t mine, std::size_t now) {
    if (mine == slice && now == round && !done->exchange(true)) what(*job);
  };
  return training;
}

// A worker dies before it pushes in round kFault; `again`: it is then started again.
inline Training death_of(Job*& job, std::size_t slice, bool again) {
  Training training = once(job, slice, kFault, [slice, again](Job& made) {
    made.cut_of(slice).cut();
    throw Killed{.again = again};
  });
  training.prepare = [&job, slice](Job& made) {
    job = &made;
    made.cut_of(slice);
  };
  return training;
}

// Worker 0 dawdles before its last round but one until the other has pushed after kFault.
inline void await_return(Training& training, std::size_t slice, std::atomic<bool>& back) {
  training.before = [&back, slice, first = training.before](std::size_t mine, std::size_t round) {
    first(mine, round);
    if (mine == slice && round > kFault) back = true;
    for (const auto deadline = soon(); mine == 0 && round == kRounds - 1 && !back && Clock::now() < deadline;) {
      std::this_thread::yield();
    }
  };
}

inline void expect_same_ends(const Trained& trained, const Trained& expected, std::size_t workers) {
  for (std::size_t slice = 0; slice < workers; ++slice) {
    ASSERT_FALSE(trained.history[slice].empty());
    EXPECT_EQ(trained.history[slice].back(), expected.history[slice].back()) << "slice " << slice;
    EXPECT_EQ(trained.store[slice], expected.store[slice]) << "slice " << slice;
  }
}

}  // namespace geomx::ps::testing
