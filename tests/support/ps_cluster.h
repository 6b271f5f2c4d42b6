#pragma once

#include <functional>
#include <future>
#include <memory>
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
  Plane(Medium medium, int servers, int workers, std::function<void(PlaneConfig&)> adjust = {})
      : medium_(std::move(medium)) {
    config_.num_servers = servers;
    config_.num_workers = workers;
    config_.scheduler_host = config_.bind_host = config_.advertised = "127.0.0.1";
    config_.role = PlaneRole::scheduler;
    if (adjust) adjust(config_);
    scheduler_ = std::make_unique<Scheduler>(config_, medium_.node());
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
  ~Plane() {
    scheduler_->stop();
    if (run_.valid()) run_.wait();
  }

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

}  // namespace geomx::ps::testing
