#include "emulator/sandbox/pidfd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "emulator/base/error.h"

namespace geomx::sandbox {

// The C library's declarations of these two lack C linkage until glibc 2.37.
FileDescriptor open_pidfd(pid_t pid) {
  return FileDescriptor(check(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)), "open pidfd", std::to_string(pid)));
}

bool signal_process(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0) return true;
  if (errno == ESRCH) return false;
  throw SystemError({}, "signal process", errno);
}

bool wait_readable(int fd, Nanoseconds timeout) {
  return wait_readable(fd, -1, timeout);
}

bool wait_readable(int fd, int other, Nanoseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const Nanoseconds left = std::max(Nanoseconds(deadline - Clock::now()), Nanoseconds(0));
    const timespec time{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    pollfd waited[] = {{fd, POLLIN, 0}, {other, POLLIN, 0}};
    const int ready = ::ppoll(waited, 2, &time, nullptr);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) throw SystemError({}, "wait for descriptor", errno);
  }
}

void kill_and_wait(int pidfd, Nanoseconds timeout) {
  signal_process(pidfd, SIGKILL);
  if (!wait_readable(pidfd, timeout)) {
    throw WorkError({}, "process has not ended " + to_string(timeout, true) + " after SIGKILL");
  }
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);  // ECHILD where it is not ours
}

}  // namespace geomx::sandbox
