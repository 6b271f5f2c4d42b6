#include "emulator/sandbox/child_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string_view>

#include "emulator/base/error.h"
#include "emulator/sandbox/pidfd.h"

namespace geomx::sandbox {

namespace {

constexpr std::size_t kStackBytes = 64 << 10;
constexpr int kFirstSpare = 10;  // above every descriptor that the program gets
constexpr std::chrono::seconds kKillDeadline{10};

// What the child needs, prepared by the parent: between clone and exec nothing may allocate, lock or throw.
struct Start {
  const char* const* paths;  // of the program: the first that can be executed; ends with null
  char* const* argv;
  char* const* environment;
  const char* directory;  // or null
  int network_fd;
  int uts_fd;
  int mount_fd;
  const int* cgroups;
  std::size_t cgroup_count;
  int sources[4];  // descriptors to become 0, 1, 2, 3
  int count;       // how many of them
  bool terminal;
  const rlimit* open_files;  // or null
  // The answer, written into the parent's memory, which the child shares.
  const char* failed_step = nullptr;
  int error = 0;
};

// Runs on the parent's memory while the parent's thread is suspended (CLONE_VM | CLONE_VFORK).
__attribute__((no_sanitize("address", "undefined"))) int start_program(void* argument) {
  Start& start = *static_cast<Start*>(argument);
  const auto fail = [&](const char* step) {
    start.failed_step = step;
    start.error = errno;
    ::_exit(127);
  };
  struct sigaction defaults {};
  defaults.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &defaults, nullptr);
  if (start.terminal) {
    if (::setsid() < 0) fail("start session");
  } else if (::setpgid(0, 0) < 0) {
    fail("start process group");
  }
  // First: what is spent on the rest is the program's own.
  for (std::size_t i = 0; i < start.cgroup_count; ++i) {
    if (::write(start.cgroups[i], "0", 1) < 0) fail("enter cgroup");
  }
  if (start.network_fd >= 0 && ::setns(start.network_fd, CLONE_NEWNET) < 0) fail("enter network namespace");
  if (start.uts_fd >= 0 && ::setns(start.uts_fd, CLONE_NEWUTS) < 0) fail("enter UTS namespace");
  if (start.mount_fd >= 0 && ::setns(start.mount_fd, CLONE_NEWNS) < 0) fail("enter mount namespace");
  if (start.directory != nullptr && ::chdir(start.directory) < 0) fail("change directory");
  // First out of the way, so that no source is overwritten before it has been copied.
  for (int i = 0; i < start.count; ++i) {
    start.sources[i] = ::fcntl(start.sources[i], F_DUPFD_CLOEXEC, kFirstSpare);
    if (start.sources[i] < 0) fail("duplicate file descriptor");
  }
  for (int i = 0; i < start.count; ++i) {
    if (::dup2(start.sources[i], i) < 0) fail("duplicate file descriptor");
  }
  if (start.terminal && ::ioctl(0, TIOCSCTTY, 0) < 0) fail("take terminal");
  if (::syscall(SYS_close_range, start.count, ~0U, 0) < 0) fail("close file descriptors");
  if (start.open_files != nullptr && ::setrlimit(RLIMIT_NOFILE, start.open_files) < 0) fail("limit open files");
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int error = ENOENT;
  for (const char* const* path = start.paths; *path != nullptr; ++path) {
    ::execve(*path, start.argv, start.environment);
    // One that may not be executed says more than those that are not there.
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
  }
  errno = error;
  fail("execute");
  return 127;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& string : strings) result.push_back(const_cast<char*>(string.c_str()));
  result.push_back(nullptr);
  return result;
}

std::string attempt_to_run(const SpawnOptions& options) {
  return "run \"" + options.argv[0] + "\"";
}

bool executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> candidates(const SpawnOptions& options, std::string_view path) {
  const std::string& name = options.argv[0];
  if (name.find('/') != std::string::npos) return {name};
  std::vector<std::string> found;
  for (std::string_view rest = path; !name.empty() && !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    found.push_back(std::string(rest.substr(0, end)) + "/" + name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return found;
}

std::string_view search_path(const SpawnOptions& options) {
  for (const std::string& variable : options.environment) {
    if (variable.starts_with("PATH=")) return std::string_view(variable).substr(5);
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

// Where the program may be. In another mount namespace only the child can look.
std::vector<std::string> find_program(const SpawnOptions& options) {
  const std::string_view path = search_path(options);
  std::vector<std::string> found = candidates(options, path);
  if (options.argv[0].find('/') != std::string::npos || options.mount_fd >= 0) return found;
  const auto first = std::find_if(found.begin(), found.end(), executable);
  if (first != found.end()) return {*first};
  throw SystemError(options.node, attempt_to_run(options), ENOENT, "no such command on PATH " + std::string(path));
}

// A stack for the child, with an unmapped page below it.
class Stack {
 public:
  Stack() : memory_(::mmap(nullptr, kStackBytes + kGuard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (memory_ == MAP_FAILED) throw SystemError({}, "map stack", errno);
    ::mprotect(static_cast<std::byte*>(memory_) + kGuard, kStackBytes, PROT_READ | PROT_WRITE);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() { ::munmap(memory_, kStackBytes + kGuard); }
  void* top() const { return static_cast<std::byte*>(memory_) + kGuard + kStackBytes; }

 private:
  static constexpr std::size_t kGuard = 4096;
  void* memory_;
};

ExitStatus to_status(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status, .signal = 0};
  return {.code = 0, .signal = info.si_status};
}

}  // namespace

ChildProcess spawn(const SpawnOptions& options) {
  if (options.argv.empty()) throw InputError(options.node, "no command to run");
  const std::vector<std::string> programs = find_program(options);
  const std::vector<char*> paths = pointers(programs);
  const std::vector<char*> argv = pointers(options.argv);
  const std::vector<char*> environment = pointers(options.environment);
  const FileDescriptor null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null"));
  const auto or_null = [&](int fd) { return fd >= 0 ? fd : null.get(); };
  rlimit open_files{};
  if (options.open_files) {
    check(::getrlimit(RLIMIT_NOFILE, &open_files), "read the limit of open files", options.node);
    open_files.rlim_cur = std::min<rlim_t>(*options.open_files, open_files.rlim_max);
  }
  Start start{
      .paths = paths.data(),
      .argv = argv.data(),
      .environment = environment.data(),
      .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
      .network_fd = options.network_fd,
      .uts_fd = options.uts_fd,
      .mount_fd = options.mount_fd,
      .cgroups = options.cgroups.data(),
      .cgroup_count = options.cgroups.size(),
      .sources = {or_null(options.stdin_fd), or_null(options.stdout_fd), or_null(options.stderr_fd), options.extra_fd},
      .count = options.extra_fd >= 0 ? 4 : 3,
      .terminal = options.terminal,
      .open_files = options.open_files ? &open_files : nullptr};

  // A handler that ran in the child before its handlers are reset would run on the parent's memory.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const Stack stack;
  int pidfd = -1;
  const pid_t pid = ::clone(start_program, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &start, &pidfd);
  const int clone_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);

  if (pid < 0) throw SystemError(options.node, attempt_to_run(options), clone_error);
  ChildProcess child(pid, FileDescriptor(pidfd));
  if (start.failed_step != nullptr) {
    const bool executing = start.failed_step == std::string_view("execute");
    const std::string attempt = attempt_to_run(options) + (executing ? "" : std::string(": ") + start.failed_step);
    const bool searched = executing && start.error == ENOENT && options.argv[0].find('/') == std::string::npos;
    throw SystemError(options.node, attempt, start.error,
                      searched ? "no such command on PATH " + std::string(search_path(options)) : "");
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), exit_(other.exit_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(exit_, other.exit_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (!pidfd_) return;
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0) {
    ::kill(-pid_, SIGKILL);
    wait_readable(pidfd_.get(), kKillDeadline);
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  }
}

std::optional<ExitStatus> ChildProcess::poll_exit() {
  if (exit_) return exit_;
  siginfo_t info{};
  check(::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG | WNOWAIT), "wait for process");
  if (info.si_pid != 0) exit_ = to_status(info);
  return exit_;
}

std::optional<ExitStatus> ChildProcess::wait(Nanoseconds timeout) {
  wait_readable(pidfd_.get(), timeout);
  return poll_exit();
}

void ChildProcess::signal_group(int signal) {
  if (::kill(-pid_, signal) < 0 && errno != ESRCH) throw SystemError({}, "signal process group", errno);
}

void ChildProcess::signal(int signal) {
  signal_process(pidfd_.get(), signal);
}

}  // namespace geomx::sandbox
