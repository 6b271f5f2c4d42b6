#include "emulator/run/interrupts.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <cstring>

namespace geomx::run {
namespace {

bool readable(int fd, int timeout_ms) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, timeout_ms) > 0;
}

}  // namespace

Interrupts::Interrupts() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, signal);
  if (const int error = ::pthread_sigmask(SIG_BLOCK, &wanted, &before_)) throw SystemError({}, "block signals", error);
  signals_ =
      FileDescriptor(geomx::check(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK), "make a signal descriptor"));
}

Interrupts::~Interrupts() {
  // What has come meanwhile has been answered; it must not strike when the block is lifted.
  signalfd_siginfo info;
  while (::read(signals_.get(), &info, sizeof info) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupts::check() const {
  signalfd_siginfo info;
  if (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    throw Interrupted(
        {}, std::string("interrupted by ") +
                (info.ssi_signo == SIGINT ? "Ctrl-C (SIGINT)" : ::strsignal(static_cast<int>(info.ssi_signo))));
  }
  if (lab_ >= 0 && readable(lab_, 0)) throw WorkError({}, "the lab has ended");
}

void Interrupts::wait(std::vector<pollfd>& wanted, std::chrono::nanoseconds timeout) const {
  check();
  const std::size_t asked = wanted.size();
  wanted.push_back({signals_.get(), POLLIN, 0});
  if (lab_ >= 0) wanted.push_back({lab_, POLLIN, 0});
  const auto left = std::max(timeout, std::chrono::nanoseconds(0));
  const timespec limit{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  const int result = ::ppoll(wanted.data(), wanted.size(), &limit, nullptr);
  const int error = errno;
  wanted.resize(asked);
  if (result < 0 && error != EINTR) throw SystemError({}, "wait for the lab", error);
  if (result <= 0) {
    for (pollfd& entry : wanted) entry.revents = 0;
  }
  check();
}

bool Interrupts::lab_has_ended(std::chrono::milliseconds patience) const {
  return lab_ >= 0 && readable(lab_, static_cast<int>(patience.count()));
}

}  // namespace geomx::run
