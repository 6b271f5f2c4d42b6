#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// Programs inside nodes.
namespace geomx::sandbox {

struct SpawnOptions {
  std::string node{};                      // for errors: where
  std::vector<std::string> argv{};         // argv[0] is looked up on the PATH of `environment` unless it has a slash,
                                           // in the namespace of mount_fd
  std::vector<std::string> environment{};  // "NAME=value", the whole of it: nothing is inherited
  std::string directory{};                 // working directory; empty: the caller's, or "/" with mount_fd
  int network_fd = -1;                     // namespaces to run in; -1: the caller's
  int uts_fd = -1;
  int mount_fd = -1;
  std::vector<int> cgroups{};  // descriptors of the cgroup.procs files of those that it is to be in
  int stdin_fd = -1;           // -1: /dev/null
  int stdout_fd = -1;
  int stderr_fd = -1;
  int extra_fd = -1;      // the program finds it as descriptor 3; -1: none
  bool terminal = false;  // stdin_fd is a terminal that becomes the program's controlling one, in a session of its own
  std::optional<std::uint64_t> open_files{};  // its soft limit of descriptors; none: the caller's
};

struct ExitStatus {
  int code = 0;    // of exit(), where signal is 0
  int signal = 0;  // that killed it
  int shell_code() const { return signal != 0 ? 128 + signal : code; }
  bool operator==(const ExitStatus&) const = default;
};

// A child process and its process group, which it leads. Move-only. Destroying one that still runs kills its group with
// SIGKILL and reaps it.
class ChildProcess {
 public:
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable (epoll, poll) once it has ended

  // Its end, once it has ended; does not wait. The same answer ever after. What has ended stays a zombie until
  // destruction, so that signal_group never reaches a stranger who got its number.
  std::optional<ExitStatus> poll_exit();
  // Waits for its end, at most so long.
  std::optional<ExitStatus> wait(Nanoseconds timeout);

  // To the process and all of its group that is left; nothing where nobody is left. Throws SystemError.
  void signal_group(int signal);
  void signal(int signal);  // to the process alone

 private:
  friend ChildProcess spawn(const SpawnOptions&);
  ChildProcess(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<ExitStatus> exit_;
};

// Starts a program as leader of a process group of its own (a session, with `terminal`), with default signal handlers,
// nothing blocked, and no descriptors but 0, 1, 2 and the extra 3. Safe in a process with threads, and quick in a large
// one (the memory is not copied). Throws SystemError naming node and command: ENOENT for a command that is not found,
// EACCES for one that may not be run, and so on; then no process is left.
ChildProcess spawn(const SpawnOptions& options);

}  // namespace geomx::sandbox
