#pragma once

#include <poll.h>
#include <signal.h>

#include <chrono>
#include <optional>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

// What may end a run from outside at any of its waits: SIGINT, SIGTERM, SIGHUP, and the end of the lab.
namespace geomx::run {

class Interrupted : public WorkError {
  using WorkError::WorkError;
};

// While it lives, the three signals are blocked in this thread and wait in a descriptor; make it before any other
// thread exists. Children inherit the block: the sandbox gives its processes a clean mask.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  // Readable once a signal has come, for waits that are not ours: those of a lab that comes up. Not to be read from.
  int fd() const { return signals_.get(); }
  // From here on the end of that process (a lab's pidfd, which stays the caller's) ends every wait. -1: none.
  void watch_lab(int pidfd) { lab_ = pidfd; }
  // Throws Interrupted where a signal has come, WorkError where the lab has ended; else returns.
  void check() const;
  // poll(2) of `wanted` for at most `timeout`, with check() before and after. `revents` are set in `wanted`.
  void wait(std::vector<pollfd>& wanted, std::chrono::nanoseconds timeout) const;
  // Whether the lab ends within a moment: tells a lost connection's cause.
  bool lab_has_ended(std::chrono::milliseconds patience) const;

 private:
  sigset_t before_{};
  FileDescriptor signals_;
  int lab_ = -1;
};

}  // namespace geomx::run
