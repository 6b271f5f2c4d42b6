#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ps/config/log.h"
#include "ps/config/node_config.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

// The scheduler of one plane: it takes registrations until the plane is complete, gives ranks, tells everyone who is
// who, releases barriers, listens for heartbeats, and ends when all have left. No tensor passes through it.
//
// Ranks are 0..n-1 among servers and among workers, in the order of PlaneConfig::order, then host, port and name (not
// of arrival), so that the same deployment gets the same ranks each time; the master worker gets worker rank 0.
//
// Threading: run() works on its caller's thread; stop() and fail() from any thread.
class Scheduler {
 public:
  using Clock = std::chrono::steady_clock;

  // `log` hears of registrations, the roster, barriers and departures.
  Scheduler(const PlaneConfig& plane, std::unique_ptr<Transport> transport, Log log = {});
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Before run(): answers the members' reports, where there is a state server. Called on run()'s thread.
  void on_state(std::function<proto::State(const proto::State& report)> answer);

  // Before run(): answers TSEngine's questions with matches, and who is to hear of each. Called on run()'s thread.
  using Matches = std::vector<std::pair<NodeId, proto::Match>>;
  void on_ask(std::function<Matches(NodeId from, const proto::Ask& ask)> answer);

  // Before run(): hears of nodes that are lost and that come back, as the same process or as another one in its place.
  // Called on run()'s thread.
  struct Presence {
    NodeId who;
    std::string name;  // of the process, "b-worker-1:99"
    bool lost = false;
    double silent_seconds = 0;  // of one who is lost
  };
  void on_presence(std::function<void(const Presence& presence)> handler);

  // Binds PlaneConfig::port, else the plane's scheduler_port (0: any free one). Error in one line where that is
  // impossible. run() does it if nobody has.
  Endpoint listen();

  // Returns when all nodes have left in good order, or after stop(). Throws Error where registration is incomplete at
  // the deadline ("2 of 3 workers have registered within 60 s (DMLC_NUM_WORKER=3)"), where two nodes disagree on a
  // count, and when a node is lost or fails; the nodes that are left are told before.
  void run(Clock::time_point registration_deadline);
  void run();  // registration within the plane's join_timeout
  void stop();
  // run() tells all nodes the reason, soon, and throws it as Error.
  void fail(const std::string& why);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
