#include "emulator/cli/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "emulator/base/error.h"

namespace geomx::cli {

Signals::Signals(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  fd_.reset(check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "create signalfd"));
  check(::sigprocmask(SIG_BLOCK, &set, &before_), "block signals");
}

Signals::~Signals() {
  // One that nobody has read has been answered all the same: whatever it was to end is ending.
  while (next()) {
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::next() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace geomx::cli
