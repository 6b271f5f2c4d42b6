#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ps/config/error.h"
#include "ps/membership/member.h"
#include "ps/membership/scheduler.h"
#include "ps/transport/faulty.h"
#include "ps/transport/inproc.h"
#include "ps/transport/zmq_transport.h"

// One plane inside one process, over any transport: ranks are threads.
namespace geomx::ps::testing {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline Clock::time_point in(Clock::duration duration) {
  return Clock::now() + duration;
}
inline Clock::time_point soon() {
  return in(std::chrono::seconds(10));
}  // no test waits for it unless it fails

// A network on which any number of nodes can be made.
struct Medium {
  std::string name;
  std::function<std::unique_ptr<Transport>()> node;
};

inline Medium inproc_medium() {
  auto network = InprocNetwork::make();
  return {"inproc", [network] { return network->transport(); }};
}
inline Medium zmq_medium() {
  return {"zmq", [] { return make_zmq_transport(); }};
}
// Every node has its own faults, from the seed and the order in which the nodes are made.
inline Medium faulty_medium(const Medium& inner, Faults faults) {
  auto next = std::make_shared<std::atomic<std::uint64_t>>(faults.seed);
  return {"faulty_" + inner.name, [inner, faults, next] {
            Faults mine = faults;
            mine.seed = next->fetch_add(1000);
            return make_faulty(inner.node(), mine);
          }};
}
inline Medium medium(const std::string& name) {
  if (name == "inproc") return inproc_medium();
  if (name == "zmq") return zmq_medium();
  if (name == "delayed") {
    return faulty_medium(inproc_medium(), {.delay = milliseconds(3), .jitter = milliseconds(4)});
  }
  throw Error("no medium is called " + name);
}
inline std::vector<std::string> all_media() {
  return {"inproc", "zmq", "delayed"};
}

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
