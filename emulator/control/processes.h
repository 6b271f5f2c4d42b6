#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/control/client.h"
#include "emulator/control/control.pb.h"
#include "emulator/lab/lab.h"
#include "emulator/sandbox/child_process.h"

namespace geomx::control {

// The processes that run in a lab's nodes, each with the client that asked for it. One thread.
class Processes {
 public:
  using Owner = std::uint64_t;  // a client's number

  explicit Processes(const lab::Lab& lab) : lab_(lab) {}

  // `descriptors` by number as in the message. Throws InputError for an unknown node, SystemError from the start.
  ProcessId spawn(Owner owner, const wire::Spawn& spawn, const std::vector<FileDescriptor>& descriptors);
  void signal(ProcessId process, int signal);
  int pidfd(ProcessId process) const { return running_.at(process).child.pidfd(); }
  std::optional<ProcessId> process_of(int pidfd) const;

  struct Ended {
    Owner owner;
    ProcessExit exit;
  };
  // REQUIRES: the process's pidfd is readable. Removes the process.
  Ended collect(ProcessId process);

  // The client is gone: its processes get SIGHUP now, as from a terminal that is closed, and SIGKILL after two seconds.
  void orphan(Owner owner);
  // Kills those whose time is up; the time until the next ones, if any.
  std::optional<std::chrono::milliseconds> reap_orphans();

 private:
  struct Running {
    Owner owner;
    std::string node;
    sandbox::ChildProcess child;
    std::optional<std::chrono::steady_clock::time_point> doomed;
  };
  const lab::Lab& lab_;
  ProcessId next_ = 1;
  std::map<ProcessId, Running> running_;
  std::map<int, ProcessId> by_pidfd_;
};

}  // namespace geomx::control
