#include "emulator/sandbox/init.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>

#include "emulator/base/error.h"
#include "emulator/base/phase.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/pidfd.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/sandbox/report.h"

namespace geomx::sandbox {

namespace {

constexpr int kFailed = 1;
constexpr std::size_t kMaxHostName = 64;

void write_own(const char* path, const std::string& text) {
  const FileDescriptor file(check(::open(path, O_WRONLY | O_CLOEXEC), "open", path));
  check(static_cast<int>(::write(file.get(), text.data(), text.size())), "write", path);
}

// The caller's user becomes root within; nobody else is mapped, which is all that an ordinary user may ask for.
void enter_user_namespace() {
  const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string group = "0 " + std::to_string(::getegid()) + " 1";
  if (::unshare(CLONE_NEWUSER) < 0) throw SystemError({}, "create user namespace", errno, user_namespace_remedy());
  write_own("/proc/self/setgroups", "deny");  // the kernel's condition for the next but one
  write_own("/proc/self/uid_map", user);
  write_own("/proc/self/gid_map", group);
}

void mount_or_throw(const char* type, const char* target, unsigned long flags, const char* data, const char* hint) {
  if (::mount(type, target, type, flags, data) < 0) {
    throw SystemError(target, std::string("mount ") + type, errno, hint);
  }
}

void prepare_mounts() {
  check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
  mount_or_throw(
      "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr,
      "a container that masks parts of /proc forbids this; run it with --security-opt systempaths=unconfined");
  mount_or_throw("tmpfs", kPrivateDirectory, MS_NOSUID | MS_NODEV, "mode=1777", "the directory must exist");
}

void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned next = STDERR_FILENO + 1;
  for (const int fd : kept) {
    if (fd < static_cast<int>(next)) continue;
    if (fd > static_cast<int>(next)) ::syscall(SYS_close_range, next, static_cast<unsigned>(fd) - 1, 0);
    next = static_cast<unsigned>(fd) + 1;
  }
  ::syscall(SYS_close_range, next, ~0U, 0);
}

void reset_signals() {
  struct sigaction defaults {};
  defaults.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &defaults, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The lab process. A lab that cannot start says so to its starter, by the report; one that has started, by its exit
// code.
int run_lab(const InitSetup& setup, int report_fd) {
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_NAME, setup.options.name.c_str());
  StartReport report{FileDescriptor(report_fd)};
  try {
    return setup.lab(report);
  } catch (const std::exception& exception) {
    report.failed(exception);
    return kFailed;
  }
}

// Reaps whatever ends in the namespace until the lab process ends or, attached, the starter.
[[noreturn]] void watch(pid_t lab, int children, int starter) {
  for (;;) {
    pollfd events[2] = {{children, POLLIN, 0}, {starter, POLLIN, 0}};
    if (::poll(events, starter >= 0 ? 2 : 1, -1) < 0 && errno != EINTR) ::_exit(kFailed);
    if (events[1].revents != 0) ::_exit(kFailed);
    signalfd_siginfo ignored;
    while (::read(children, &ignored, sizeof(ignored)) > 0) {
    }
    int status = 0;
    for (pid_t ended = ::waitpid(-1, &status, WNOHANG); ended > 0; ended = ::waitpid(-1, &status, WNOHANG)) {
      if (ended == lab) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
  }
}

[[noreturn]] void run_init(InitSetup& setup) {
  const int report_fd = setup.report.get();
  phase("up: init");
  try {
    std::vector<int> kept = setup.options.keep;
    kept.insert(kept.end(), {report_fd, setup.starter.get(), setup.options.listener});
    close_all_but(kept);
    // Neither the helper's copy nor the caller's owns anything here any more.
    setup.pid.release();
    reset_signals();
    check(::setsid(), "start session");
    if (setup.options.listener >= 0) check(::listen(setup.options.listener, SOMAXCONN), "listen", setup.options.name);
    if (setup.options.attached) {
      if (setup.dies_with_thread) check(::prctl(PR_SET_PDEATHSIG, SIGKILL), "tie to the starter's life");
      if (wait_readable(setup.starter.get(), Nanoseconds(0))) ::_exit(kFailed);  // it ended before that
    }
    phase("up: mounts");
    prepare_mounts();
    const std::string hostname = setup.options.name.substr(0, kMaxHostName);
    check(::sethostname(hostname.data(), hostname.size()), "set host name", hostname);
    apply(NetworkSettings{});

    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    check(::sigprocmask(SIG_BLOCK, &child_ended, nullptr), "block SIGCHLD");
    const FileDescriptor children(check(::signalfd(-1, &child_ended, SFD_CLOEXEC | SFD_NONBLOCK), "watch children"));
    phase("up: fork");
    const pid_t lab = check(::fork(), "fork the lab process");
    if (lab == 0) {
      std::vector<int> lab_keeps = setup.options.keep;
      lab_keeps.insert(lab_keeps.end(), {report_fd, setup.options.listener});
      close_all_but(lab_keeps);
      reset_signals();
      setup.report.release();
      ::_exit(run_lab(setup, report_fd));
    }
    ::prctl(PR_SET_NAME, "geomx-init");
    close_all_but({setup.starter.get(), children.get()});
    watch(lab, children.get(), setup.options.attached ? setup.starter.get() : -1);
  } catch (const std::exception& exception) {
    try {
      report::write(report_fd, report::Type::error, report::encode(exception));
    } catch (const std::exception&) {
      // The starter is gone: nobody is left to be told.
    }
    ::_exit(kFailed);
  }
}

}  // namespace

void run_helper(InitSetup setup) {
  try {
    phase("up: helper");
    if (setup.user_namespace) enter_user_namespace();
    clone_args arguments{};
    arguments.flags = CLONE_PARENT | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC;
    const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof(arguments)));
    if (pid < 0) throw SystemError({}, "create namespaces", errno, user_namespace_remedy());
    if (pid == 0) run_init(setup);
    ::_exit(::write(setup.pid.get(), &pid, sizeof(pid)) == sizeof(pid) ? 0 : kFailed);
  } catch (const std::exception& exception) {
    try {
      report::write(setup.report.get(), report::Type::error, report::encode(exception));
    } catch (const std::exception&) {
      // As above.
    }
    ::_exit(kFailed);
  }
}

}  // namespace geomx::sandbox
