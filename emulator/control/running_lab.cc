#include <sys/wait.h>

#include <cerrno>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/control/exit_codes.h"
#include "emulator/control/launch.h"
#include "emulator/control/runtime.h"
#include "emulator/sandbox/pidfd.h"

namespace geomx::control {
namespace {

constexpr std::chrono::seconds answer_patience{5};
constexpr std::chrono::seconds end_patience{5};      // for an end by request
constexpr std::chrono::seconds outside_patience{5};  // for what it has made outside of its process tree
constexpr std::chrono::seconds kill_patience{30};    // for the kernel to end every process of a killed lab

}  // namespace

const char* to_string(LabEnd end) {
  switch (end) {
    case LabEnd::by_request:
      return "the lab has been ended by 'geomx-emu down'";
    case LabEnd::failed:
      return "the lab has ended with an error, which it has written above";
    case LabEnd::killed:
      break;
  }
  return "the lab process has been killed";
}

RunningLab::RunningLab(FileDescriptor pidfd, Client client, bool detached, std::chrono::nanoseconds up, Address address)
    : pidfd_(std::move(pidfd)),
      client_(std::move(client)),
      detached_(detached),
      up_(up),
      address_(std::move(address)) {}

RunningLab RunningLab::attach(const std::string& lab) {
  Client client = Client::connect(lab);
  FileDescriptor pidfd = client.open_lab();
  return {std::move(pidfd), std::move(client), true, {}};
}

RunningLab::RunningLab(RunningLab&&) noexcept = default;

RunningLab::~RunningLab() {
  if (!pidfd_ || detached_) return;
  try {
    sandbox::kill_and_wait(pidfd_.get(), kill_patience);
    finish(client_.lab(), outside_patience);
  } catch (const std::exception&) {
    // Killed it is; its folder is removed by the next command.
  }
}

std::optional<LabEnd> RunningLab::end() const {
  siginfo_t end{};
  const auto pidfd = static_cast<id_t>(pidfd_.get());
  while (::waitid(static_cast<idtype_t>(P_PIDFD), pidfd, &end, WEXITED | WNOHANG | WNOWAIT) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  if (end.si_pid == 0) return std::nullopt;
  if (end.si_code != CLD_EXITED) return LabEnd::killed;
  if (end.si_status == kExitByRequest) return LabEnd::by_request;
  return end.si_status == kExitFailed ? LabEnd::failed : LabEnd::killed;
}

std::chrono::nanoseconds RunningLab::stop() {
  const auto start = std::chrono::steady_clock::now();
  bool asked = false;
  phase("down: asking");
  try {
    client_.down(answer_patience);
    asked = true;
  } catch (const WorkError&) {
    // It has ended already, or does not answer: the signal below is not refused.
  }
  phase("down: asked");
  if (pidfd_) {
    if (asked) sandbox::wait_readable(pidfd_.get(), end_patience);
    sandbox::kill_and_wait(pidfd_.get(), kill_patience);  // of what has ended: reaps it
    pidfd_.reset();
    finish(client_.lab(), outside_patience);
  } else if (!client_.wait_end(end_patience)) {
    throw WorkError(client_.lab(), "the lab does not answer, and its processes cannot be seen from here",
                    "end it with 'geomx-emu down' from outside this container or lab");
  }
  return std::chrono::steady_clock::now() - start;
}

}  // namespace geomx::control
