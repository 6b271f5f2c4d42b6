#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ps/config/error.h"
#include "ps/membership/member.h"
#include "ps/membership/scheduler.h"
#include "tests/support/ps_media.h"

// One plane inside one process, over any transport: ranks are threads.
namespace geomx::ps::testing {

// The scheduler of a plane on a thread of its own, and the configurations of its nodes.
class Plane {
 public:
  Plane(Medium medium, int servers, int workers, const std::function<void(PlaneConfig&)>& adjust = {},
        const std::function<void(Scheduler&)>& prepare = {})
      : medium_(std::move(medium)), prepare_(prepare) {
    config_.num_servers = servers;
    config_.num_workers = workers;
    config_.scheduler_host = config_.bind_host = config_.advertised = "127.0.0.1";
    config_.role = PlaneRole::scheduler;
    if (adjust) adjust(config_);
    start();
  }
  ~Plane() {
    if (scheduler_) scheduler_->stop();
    if (run_.valid()) run_.wait();
  }

  // The scheduler dies without a word, and another one begins in its place.
  void restart_scheduler(const Log& log = {}) {
    stop_scheduler();
    start(log);
  }
  void stop_scheduler() {
    scheduler_->stop();
    run_.wait();
    scheduler_.reset();
  }

 private:
  void start(const Log& log = {}) {
    scheduler_ = std::make_unique<Scheduler>(config_, medium_.node(), log);
    if (prepare_) prepare_(*scheduler_);
    config_.scheduler_port = scheduler_->listen().port;
    run_ = std::async(std::launch::async, [this] {
      try {
        scheduler_->run();
        return std::string();
      } catch (const Error& error) {
        return std::string(error.what());
      }
    });
  }

 public:
  PlaneConfig config(PlaneRole role) const {
    PlaneConfig config = config_;
    config.role = role;
    return config;
  }
  std::unique_ptr<Member> member(PlaneRole role) const { return member(config(role)); }
  std::unique_ptr<Member> member(const PlaneConfig& config) const {
    return std::make_unique<Member>(config, medium_.node());
  }

  // Why the scheduler ended; empty: in good order. "still running" after a while.
  std::string end() { return run_.wait_until(soon()) == std::future_status::ready ? run_.get() : "still running"; }
  Scheduler& scheduler() { return *scheduler_; }
  const Medium& medium() const { return medium_; }

 private:
  Medium medium_;
  const std::function<void(Scheduler&)> prepare_;
  PlaneConfig config_;
  std::unique_ptr<Scheduler> scheduler_;
  std::future<std::string> run_;
};

// Runs one function per rank, each on a thread of its own, and returns what each threw ("": nothing).
inline std::vector<std::string> run_all(const std::vector<std::function<void()>>& ranks) {
  std::vector<std::future<std::string>> running;
  for (const auto& rank : ranks) {
    running.push_back(std::async(std::launch::async, [&rank] {
      try {
        rank();
        return std::string();
      } catch (const std::exception& error) {
        return std::string(error.what());
      }
    }));
  }
  std::vector<std::string> errors;
  for (auto& one : running) errors.push_back(one.get());
  return errors;
}

// Members of one plane, servers first, then workers; the first worker is the master.
using Members = std::vector<std::unique_ptr<Member>>;

inline Members make_members(const Plane& plane, int servers, int workers) {
  Members members;
  for (int i = 0; i < servers; ++i) members.push_back(plane.member(PlaneRole::server));
  for (int i = 0; i < workers; ++i) {
    PlaneConfig config = plane.config(PlaneRole::worker);
    config.order = static_cast<std::uint64_t>(workers - i);  // the last one made comes first
    config.master = i == 0;
    members.push_back(plane.member(config));
  }
  return members;
}

inline std::vector<std::string> each(Members& members, const std::function<void(Member&)>& act) {
  std::vector<std::function<void()>> ranks;
  for (auto& member : members) ranks.push_back([&act, &member] { act(*member); });
  return run_all(ranks);
}

inline std::vector<std::string> join_all(Members& members) {
  return each(members, [](Member& member) { member.join(soon()); });
}

inline std::vector<std::string> leave_all(Members& members) {
  return each(members, [](Member& member) { member.leave(); });
}

// A counter that a test can wait for.
class Count {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    ++value_;
    changed_.notify_all();
  }
  bool reaches(int value) { return reaches_by(value, soon()); }
  bool reaches_by(int value, Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [&] { return value_ >= value; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int value_ = 0;
};

}  // namespace geomx::ps::testing
