#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace geomx::netlink {
class BridgeQueues;
}

// The threads that move packets between the ends of every wire link of a lab.
namespace geomx::shaper {

struct WireLoopOptions {
  int threads = 1;  // at most one per core is of use; both directions of a link belong to one thread
  bool realtime =
      true;  // ask for SCHED_RR, else a negative nice value, else short slices: training shall not delay packets
  bool ring = false;  // read frames as a lab without root has to, even where more is permitted
  bool hold = true;   // leave frames in the kernel where it and the link let us (held_link.h)
  int links = 1;      // as many will be shaped: a lab without root divides the memory of its rings among them
};

class WireLink;
class WireThread;

// Threads run from construction and are joined on destruction. Thread-safe. Signals are blocked in the threads.
// Throws SystemError where the kernel lacks what it needs (epoll_pwait2, Linux 5.11).
class WireLoop {
 public:
  explicit WireLoop(WireLoopOptions options = {});
  ~WireLoop();
  WireLoop(const WireLoop&) = delete;
  WireLoop& operator=(const WireLoop&) = delete;

  // How the threads are scheduled, for doctor and run.json: "SCHED_RR 10", "nice -11", "normal, slices of 0.1 ms".
  std::string scheduling() const;
  const WireLoopOptions& options() const { return options_; }

  // The rules by which links of this loop leave frames in the kernel; null where it lacks what that takes, or where the
  // loop has more links than making a bridge for each is worth. Made in the network namespace of the first caller.
  std::shared_ptr<netlink::BridgeQueues> holding_rules();

  // The thread with the fewest links; shape_by_wire gives it one more.
  std::shared_ptr<WireThread> least_loaded();

 private:
  WireLoopOptions options_;
  std::mutex mutex_;
  bool asked_for_rules_ = false;
  std::shared_ptr<netlink::BridgeQueues> rules_;
  std::vector<std::shared_ptr<WireThread>> threads_;
};

}  // namespace geomx::shaper
