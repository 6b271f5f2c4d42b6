#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "emulator/base/fd.h"
#include "emulator/control/client.h"
#include "emulator/lab/plan.h"

namespace geomx::control {

struct LaunchOptions {
  bool detach = false;        // false: the lab dies with the calling process, however that ends
  std::string scenario_json;  // kept for `inspect`
  // Called on the caller's thread while the lab comes up: step number, number of steps, what is being done.
  std::function<void(int, int, const std::string&)> progress;
};

// A lab's process tree as its starter sees it. Destruction of an attached one kills the lab and waits until it is gone.
class RunningLab {
 public:
  RunningLab(pid_t pid, FileDescriptor pidfd, Client client, bool detached, std::chrono::nanoseconds up);
  RunningLab(RunningLab&&) noexcept;
  RunningLab& operator=(RunningLab&&) = delete;
  ~RunningLab();

  Client& client() { return client_; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable when the lab process has ended
  std::chrono::nanoseconds up_time() const { return up_; }
  std::chrono::nanoseconds stop();  // ends the lab; returns how long that took

 private:
  pid_t pid_;
  FileDescriptor pidfd_;
  Client client_;
  bool detached_;
  std::chrono::nanoseconds up_;
};

// Forks the lab process (pid 1 of its own pid namespace; a user namespace too where the caller is not root), applies
// the plan in it and starts its control server under the lab's runtime folder. Throws WorkError with the failed step;
// then nothing is left behind. A lab of that name running already is a NameTaken (runtime.h).
RunningLab launch(const lab::Plan& plan, const LaunchOptions& options);

}  // namespace geomx::control
