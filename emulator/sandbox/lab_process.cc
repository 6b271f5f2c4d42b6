#include "emulator/sandbox/lab_process.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/sandbox/init.h"
#include "emulator/sandbox/pidfd.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/sandbox/report.h"

namespace geomx::sandbox {

namespace {

constexpr std::chrono::seconds kKillDeadline{30};

[[noreturn]] void throw_report(int report_fd) {
  report::Frame frame;
  while (report::read(report_fd, frame)) {
    if (frame.type == report::Type::error) report::rethrow(frame.text);
  }
  throw WorkError({}, "the lab process ended before it was ready");
}

}  // namespace

void StartReport::progress(const std::string& message) {
  report::write(pipe_.get(), report::Type::progress, message);
}

void StartReport::ready(const std::string& message) {
  report::write(pipe_.get(), report::Type::ready, message);
  pipe_.reset();
}

void StartReport::failed(const std::exception& exception) noexcept {
  try {
    if (pipe_) report::write(pipe_.get(), report::Type::error, report::encode(exception));
  } catch (const std::exception&) {
    // The starter is gone: nobody is left to be told.
  }
  pipe_.reset();
}

LabProcess spawn_init(const LabOptions& options, const std::function<int(StartReport&)>& lab) {
  Pipe report = make_pipe();
  Pipe pid_pipe = make_pipe();
  InitSetup setup{.options = options,
                  .lab = lab,
                  .user_namespace = !can_make_namespaces_directly(),
                  .dies_with_thread = ::gettid() == ::getpid(),
                  .starter = open_pidfd(::getpid()),
                  .report = std::move(report.write),
                  .pid = std::move(pid_pipe.write)};
  const pid_t helper = check(::fork(), "fork", options.name);
  if (helper == 0) run_helper(std::move(setup));
  setup.report.reset();
  setup.pid.reset();
  while (::waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_t pid = -1;
  if (::read(pid_pipe.read.get(), &pid, sizeof(pid)) != sizeof(pid)) throw_report(report.read.get());
  // It is our child and not yet waited for, so the number is still its own.
  try {
    FileDescriptor pidfd = open_pidfd(pid);
    return {pid, std::move(pidfd), std::move(report.read)};
  } catch (const Error&) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    throw;
  }
}

LabProcess::LabProcess(pid_t pid, FileDescriptor pidfd, FileDescriptor report)
    : pid_(pid), pidfd_(std::move(pidfd)), report_(std::move(report)) {}

LabProcess& LabProcess::operator=(LabProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(report_, other.report_);
  return *this;
}

LabProcess::~LabProcess() {
  try {
    kill();
  } catch (const Error&) {
    // Killed it is; the kernel only takes longer than we wait.
  }
}

FileDescriptor LabProcess::take_pidfd() && {
  return std::move(pidfd_);
}

void LabProcess::kill() {
  if (pidfd_) kill_and_wait(pidfd_.get(), kKillDeadline);
}

std::string LabProcess::wait_ready(Nanoseconds timeout, const std::function<void(const std::string&)>& progress,
                                   int stop_fd) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  try {
    for (;;) {
      const Nanoseconds left = deadline - std::chrono::steady_clock::now();
      // The tree holds the only other end of the pipe, so its death makes this readable too.
      if (left <= Nanoseconds(0) || !wait_readable(report_.get(), stop_fd, left)) {
        throw WorkError({}, "the lab is not ready after " + to_string(timeout, true));
      }
      if (stop_fd >= 0 && wait_readable(stop_fd, Nanoseconds(0))) {
        throw Stopped({}, "stopped before the lab was ready; nothing is left of it");
      }
      report::Frame frame;
      if (!report::read(report_.get(), frame)) throw WorkError({}, "the lab process ended before it was ready");
      if (frame.type == report::Type::error) report::rethrow(frame.text);
      if (frame.type == report::Type::ready) return frame.text;
      if (progress) progress(frame.text);
    }
  } catch (...) {
    kill();
    throw;
  }
}

}  // namespace geomx::sandbox
