#include "emulator/sandbox/wait.h"

#include <poll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "emulator/base/error.h"

namespace geomx::sandbox {

bool wait_readable(int fd, Nanoseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + timeout;
  for (;;) {
    const Nanoseconds left = std::max(Nanoseconds(deadline - Clock::now()), Nanoseconds(0));
    const timespec time{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    pollfd waited{fd, POLLIN, 0};
    const int ready = ::ppoll(&waited, 1, &time, nullptr);
    if (ready >= 0) return ready > 0;
    if (errno != EINTR) throw SystemError({}, "wait for descriptor", errno);
  }
}

void kill_and_wait(int pidfd, Nanoseconds timeout) {
  if (::pidfd_send_signal(pidfd, SIGKILL, nullptr, 0) < 0 && errno != ESRCH) {
    throw SystemError({}, "kill process", errno);
  }
  if (!wait_readable(pidfd, timeout)) {
    throw WorkError({}, "process has not ended " + to_string(timeout, true) + " after SIGKILL");
  }
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);  // ECHILD where it is not ours
}

}  // namespace geomx::sandbox
