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
  static constexpr Owner kLab = 0;

  // `open_files`: the soft limit of descriptors that the processes get, whatever the lab process's own is.
  Processes(const lab::Lab& lab, std::uint64_t open_files) : lab_(lab), open_files_(open_files) {}

  // `descriptors` by number as in the message. Throws InputError for an unknown node, SystemError from the start.
  ProcessId spawn(Owner owner, const wire::Spawn& spawn, const std::vector<FileDescriptor>& descriptors);
  void signal(ProcessId process, int signal);
  int pidfd(ProcessId process) const { return running_.at(process).child.pidfd(); }
  std::optional<ProcessId> process_of(int pidfd) const;

  struct Ended {
    Owner owner;
    std::string node;
    ProcessExit exit;
  };
  // REQUIRES: the process is there. Removes it, also where it throws SystemError; what still runs is killed.
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
    std::uint64_t memory_kills;  // of its node when it was started
  };
  std::string remark(const Running& running, const sandbox::ExitStatus& status) const;
  std::uint64_t memory_kills(const std::string& node) const;
  const lab::Lab& lab_;
  std::uint64_t open_files_;
  ProcessId next_ = 1;
  std::map<ProcessId, Running> running_;
  std::map<int, ProcessId> by_pidfd_;
};

}  // namespace geomx::control
