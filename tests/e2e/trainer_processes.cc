#include "tests/e2e/trainer_processes.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "tests/support/private_network.h"

namespace geomx::trainer {

std::string enter_own_network() {
  std::string failure = test::enter_private_network(false);
  if (!failure.empty()) return failure;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (fd < 0 || ::ioctl(fd, SIOCSIFFLAGS, &request) != 0)
    failure = std::string("set up loopback: ") + std::strerror(errno);
  if (fd >= 0) ::close(fd);
  return failure;
}

Process::Process(std::string name, const std::vector<std::string>& argv,
                 const std::map<std::string, std::string>& environment, std::filesystem::path log)
    : name_(std::move(name)), log_(std::move(log)) {
  std::vector<std::string> variables;
  for (const auto& [key, value] : environment) {
    variables.push_back(key);
    variables.back() += "=" + value;
  }
  for (const char* kept : {"PATH", "HOME", "XDG_CACHE_HOME", "TMPDIR", "ASAN_OPTIONS", "GEOMX_NODE"}) {
    const char* value = std::getenv(kept);
    if (value != nullptr && !environment.contains(kept)) variables.push_back(std::string(kept) + "=" + value);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> pointers;
  for (std::string& variable : variables) pointers.push_back(variable.data());
  pointers.push_back(nullptr);

  const int out = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (out < 0) throw std::runtime_error("open " + log_.string() + ": " + std::strerror(errno));
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(arguments[0], arguments.data(), pointers.data());
    ::_exit(127);
  }
  ::close(out);
  if (pid_ < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
}

Process::Process(Process&& other) noexcept
    : name_(std::move(other.name_)),
      log_(std::move(other.log_)),
      pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::exchange(other.pidfd_, -1)) {}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (pidfd_ >= 0) ::close(pidfd_);
}

void Process::signal(int signal) {
  if (pid_ > 0) ::kill(pid_, signal);
}

std::optional<int> Process::wait(std::chrono::steady_clock::time_point deadline) {
  pollfd ended{pidfd_, POLLIN, 0};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    const int polled = ::poll(&ended, 1, static_cast<int>(std::max<long>(left, 0)));
    if (polled > 0) break;
    if (polled == 0) return std::nullopt;
    if (errno != EINTR) throw std::runtime_error(std::string("poll: ") + std::strerror(errno));
  }
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string Process::output() const {
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  return text.str();
}

std::vector<std::string> Process::lines(const std::string& containing) const {
  std::istringstream text(output());
  std::vector<std::string> found;
  for (std::string line; std::getline(text, line);) {
    if (line.find(containing) != std::string::npos) found.push_back(line);
  }
  return found;
}

std::filesystem::path binary(const std::string& name) {
  const char* folder = std::getenv("GEOMX_BIN");
  if (folder == nullptr) throw std::runtime_error("GEOMX_BIN is not set: run the test with ctest");
  return std::filesystem::path(folder) / name;
}

std::filesystem::path source(const std::string& path) {
  const char* folder = std::getenv("GEOMX_SOURCE");
  if (folder == nullptr) throw std::runtime_error("GEOMX_SOURCE is not set: run the test with ctest");
  return std::filesystem::path(folder) / path;
}

}  // namespace geomx::trainer
