#pragma once

#include <sys/types.h>

#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// A lab's process tree and the namespaces it lives in.
//
//   caller ── init (pid 1) ── lab (pid 2, runs the caller's function) ── the nodes' processes
//
// The tree has its own pid, mount, network, UTS and IPC namespaces, and a user namespace where the caller lacks
// CAP_SYS_ADMIN (then its user is root inside and himself outside). init only reaps orphans and watches: it ends when
// the lab process ends, and, in an attached lab, when the caller's process ends, by whatever signal. The end of a pid
// namespace's init makes the kernel kill everything in it. Nothing has to be cleaned up by anybody.
//
// Inside: a new /proc, mounts that do not propagate out, an empty network namespace with only loopback (up, IPv6 off),
// a private tmpfs on /dev/shm, a session without a terminal, default signal handlers but for SIGPIPE, which is ignored,
// the caller's standard input, output and error, and of all other descriptors only those asked for.
namespace geomx::sandbox {

struct LabOptions {
  std::string name{};       // also the tree's hostname and process name
  bool attached = true;     // false: it outlives its caller
  std::vector<int> keep{};  // descriptors that the lab process gets under the same numbers
  // A bound Unix socket, or -1. The lab process gets it like those above, but it is init that listens on it: whoever
  // connects finds init as its peer (SO_PEERCRED), and so knows which process to kill where the lab does not answer.
  int listener = -1;
};

// wait_ready was told to stop.
class Stopped : public WorkError {
  using WorkError::WorkError;
};

// The lab process's line to its starter, open until `ready`.
class StartReport {
 public:
  explicit StartReport(FileDescriptor pipe) : pipe_(std::move(pipe)) {}
  void progress(const std::string& message);    // any text up to 64 KiB
  void ready(const std::string& message = {});  // the starter's wait_ready returns the message; closes the line
  void failed(const std::exception& exception) noexcept;  // what an exception that leaves the lab function does

 private:
  FileDescriptor pipe_;
};

// A lab's process tree as its starter sees it. Destroying it kills the tree and waits for its end, also where the tree
// is detached: to leave it running, take_pidfd.
class LabProcess {
 public:
  LabProcess(LabProcess&&) noexcept = default;
  LabProcess& operator=(LabProcess&& other) noexcept;
  ~LabProcess();

  pid_t pid() const { return pid_; }  // init's, in the caller's pid namespace
  // Readable when the whole tree has ended. The exit code is the lab process's, or 128 + the signal that killed it.
  int pidfd() const { return pidfd_.get(); }
  FileDescriptor take_pidfd() &&;  // gives up ownership: the tree is the caller's business now

  // Waits for StartReport::ready, calling `progress` for every message before it. An exception that leaves the lab
  // function is thrown here with its type among InputError, SystemError and WorkError, where, text and hint. Throws
  // WorkError where the lab process dies first or `timeout` passes, and Stopped once `stop_fd` (-1: none), which is not
  // read from, is readable. Whatever is thrown, the tree is gone by then.
  std::string wait_ready(Nanoseconds timeout, const std::function<void(const std::string&)>& progress = {},
                         int stop_fd = -1);

  // Kills the tree and waits for its end; nothing where it has ended already. Throws WorkError after 30 s.
  void kill();

 private:
  friend LabProcess spawn_init(const LabOptions&, const std::function<int(StartReport&)>&);
  LabProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor report);
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  FileDescriptor report_;
};

// Starts the tree and runs `lab` in its lab process, whose exit code is what `lab` returns. `lab` is root there as far
// as networks and mounts go, and single-threaded at its start. It must not rely on locks or threads of the caller.
// Throws SystemError where a namespace cannot be made; the hint says what the machine forbids (privileges.h).
LabProcess spawn_init(const LabOptions& options, const std::function<int(StartReport&)>& lab);

// Where the lab's private tmpfs is, inside the lab only.
inline constexpr const char* kPrivateDirectory = "/dev/shm";

// Inside the lab: makes `text` the /etc/hosts of every process of the lab, now and at every later call. The machine's
// own file is untouched.
void install_hosts_file(const std::string& text);

}  // namespace geomx::sandbox
