#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "emulator/base/error.h"
#include "emulator/control/launch.h"
#include "emulator/control/runtime.h"

namespace geomx::control {
namespace {

constexpr int gentle_ms = 5000;  // for an end by request
constexpr int kill_ms = 30000;   // for the kernel to end every process of a killed lab

bool ended_within(int pidfd, int milliseconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd entry{pidfd, POLLIN, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 && left.count() <= 0) return false;
  }
}

// Where the lab's init is our child, its exit status is to be taken; a detached one is somebody else's.
void reap(int pidfd) {
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG) < 0 &&
         errno == EINTR) {
  }
}

void kill_and_wait(int pidfd) noexcept {
  ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  ended_within(pidfd, kill_ms);
  reap(pidfd);
}

}  // namespace

RunningLab::RunningLab(pid_t pid, FileDescriptor pidfd, Client client, bool detached, std::chrono::nanoseconds up)
    : pid_(pid), pidfd_(std::move(pidfd)), client_(std::move(client)), detached_(detached), up_(up) {}

RunningLab::RunningLab(RunningLab&&) noexcept = default;

RunningLab::~RunningLab() {
  if (!pidfd_ || detached_) return;
  kill_and_wait(pidfd_.get());
  try {
    running_labs();  // removes the folder of the killed lab
  } catch (const std::exception&) {
    // The next command does it.
  }
}

std::chrono::nanoseconds RunningLab::stop() {
  const auto start = std::chrono::steady_clock::now();
  if (pidfd_) {
    try {
      client_.down();
    } catch (const WorkError&) {
      // It has ended already, or does not answer: the signal below is not refused.
    }
    if (ended_within(pidfd_.get(), gentle_ms)) {
      reap(pidfd_.get());
    } else {
      kill_and_wait(pidfd_.get());
    }
    pidfd_.reset();
  }
  return std::chrono::steady_clock::now() - start;
}

}  // namespace geomx::control
