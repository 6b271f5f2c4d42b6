#pragma once

#include <memory>
#include <string>

// The threads that move packets between the ends of every wire link of a lab.
namespace geomx::shaper {

struct WireLoopOptions {
  int threads = 1;       // at most one per core is of use; both directions of a link belong to one thread
  bool realtime = true;  // ask for SCHED_RR, else a negative nice value, so that training does not delay packets
};

// Threads start with the first link and are joined on destruction. Thread-safe. Signals are blocked in the threads.
// Start it after the process has forked its children or before: it holds no lock across calls.
class WireLoop {
 public:
  explicit WireLoop(WireLoopOptions options = {});
  ~WireLoop();
  WireLoop(const WireLoop&) = delete;
  WireLoop& operator=(const WireLoop&) = delete;

  // How the threads are scheduled, for doctor and run.json: "SCHED_RR 10", "nice -11", "normal".
  std::string scheduling() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::shaper
