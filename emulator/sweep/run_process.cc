#include "emulator/sweep/run_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::sweep {
namespace {

constexpr int kKillDeadline = 10'000;  // milliseconds
constexpr std::size_t kLongestLine = 64 << 10;

// Between fork and exec: nothing that allocates.
[[noreturn]] void become(const char* directory, char* const* argv, pid_t parent, int null, int output, int lock) {
  ::setpgid(0, 0);
  // Who dies between fork and here cannot be heard of any more.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(directory) != 0 || ::dup2(null, STDIN_FILENO) < 0 || ::dup2(null, STDOUT_FILENO) < 0 ||
      ::dup2(output, STDERR_FILENO) < 0 || (lock >= 0 && ::fcntl(lock, F_SETFD, 0) != 0)) {
    ::_exit(127);
  }
  ::execv(argv[0], argv);
  const char* const complaint = "geomx-emu: cannot be run\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, complaint, std::strlen(complaint));
  ::_exit(127);
}

}  // namespace

RunProcess::RunProcess(const RunCommand& command) {
  Pipe pipe = make_pipe();
  check(::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK), "set a pipe up");
  const FileDescriptor null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open", "/dev/null"));
  std::vector<char*> argv;
  for (const std::string& argument : command.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = check(::fork(), "start a run");
  if (pid_ == 0) {
    become(command.directory.c_str(), argv.data(), parent, null.get(), pipe.write.get(), command.lock_fd);
  }
  ::setpgid(pid_, pid_);  // whoever of the two is first
  output_ = std::move(pipe.read);
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd < 0) {
    const int error = errno;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    throw SystemError({}, "watch a run", error);
  }
  pidfd_ = FileDescriptor(pidfd);
}

RunProcess::RunProcess(RunProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      output_(std::move(other.output_)),
      unfinished_(std::move(other.unfinished_)),
      last_words_(std::move(other.last_words_)),
      share_(other.share_),
      status_(other.status_) {}

RunProcess::~RunProcess() {
  if (pid_ < 0 || poll_exit()) return;
  ::kill(pid_, SIGKILL);
  pollfd entry{pidfd_.get(), POLLIN, 0};
  while (::poll(&entry, 1, kKillDeadline) < 0 && errno == EINTR) {
  }
  poll_exit();
}

void RunProcess::read() {
  std::array<char, 4096> buffer;
  while (output_) {
    const ssize_t size = ::read(output_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      output_.reset();
      break;
    }
    unfinished_.append(buffer.data(), static_cast<std::size_t>(size));
    for (std::size_t end = 0; (end = unfinished_.find('\n')) != std::string::npos;) {
      take_line(unfinished_.substr(0, end));
      unfinished_.erase(0, end + 1);
    }
    if (unfinished_.size() > kLongestLine) unfinished_.clear();
  }
  if (!unfinished_.empty()) take_line(std::exchange(unfinished_, {}));
}

void RunProcess::take_line(const std::string& line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last_words_ = line;
    return;
  }
  const auto part_of = [&](const char* done, const char* total) {
    const auto all = json.find(total);
    const auto some = json.find(done);
    if (all == json.end() || some == json.end() || !all->is_number() || !some->is_number()) return;
    if (all->get<double>() > 0) share_ = std::clamp(some->get<double>() / all->get<double>(), 0.0, 1.0);
  };
  part_of("commands", "total_commands");
  part_of("rounds", "total_rounds");
}

void RunProcess::signal(int signal) {
  if (pid_ > 0 && !status_) ::kill(pid_, signal);  // a zombie of ours keeps its number
}

std::optional<int> RunProcess::poll_exit() {
  if (status_ || pid_ < 0) return status_;
  int status = 0;
  const pid_t result = ::waitpid(pid_, &status, WNOHANG);
  if (result == pid_) status_ = status;
  return status_;
}

std::string describe_exit(int wait_status) {
  if (WIFEXITED(wait_status)) return fmt::format("exited with code {}", WEXITSTATUS(wait_status));
  const int signal = WTERMSIG(wait_status);
  return fmt::format("killed by signal {} ({})", signal, ::strsignal(signal));
}

}  // namespace geomx::sweep
