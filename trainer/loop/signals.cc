#include "trainer/loop/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr int kPatience = 500;  // milliseconds for main() to end in good order once it has been told to

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

Signals::Signals() {
  std::signal(SIGPIPE, SIG_IGN);  // a reader of metrics or logs that goes away is an error of write()
  // Blocked, not ignored: so they wait for us, also where this process is pid 1 of a container.
  const sigset_t set = watched();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  finished_ = ::eventfd(0, EFD_CLOEXEC);
  if (descriptor_ < 0 || finished_ < 0) throw Error(std::string("cannot watch for signals: ") + std::strerror(errno));
  thread_ = std::thread([this] { watch(); });
}

Signals::~Signals() {
  finish(0);
  ::close(descriptor_);
  ::close(finished_);
}

void Signals::watch() {
  pollfd events[] = {{finished_, POLLIN, 0}, {descriptor_, POLLIN, 0}};
  while (::poll(events, 2, -1) < 0 && errno == EINTR) continue;
  if (events[1].revents == 0) return;
  signalfd_siginfo info{};
  if (::read(descriptor_, &info, sizeof info) != sizeof info) return;
  signal_ = static_cast<int>(info.ssi_signo);
  const std::string why = signal_ == SIGTERM ? "ended by SIGTERM" : "ended by SIGINT";
  const std::string line = "geomx-node: " + why + "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  interrupt_.raise(why);
  // A scheduler tells its nodes on the main thread, and a worker may have metrics to flush; but a long computation is
  // not waited for.
  while (::poll(events, 1, kPatience) < 0 && errno == EINTR) continue;
  ::_exit(128 + signal_);
}

int Signals::finish(int code) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(finished_, &one, sizeof one);
  if (thread_.joinable()) thread_.join();
  return code;
}

}  // namespace geomx::trainer
