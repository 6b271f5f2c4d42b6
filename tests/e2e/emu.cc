#include "tests/e2e/emu.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "emulator/base/error.h"

namespace geomx::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr unsigned kNobody = 65534;

fs::path from_environment(const char* variable) {
  const char* value = std::getenv(variable);
  if (!value) throw std::runtime_error(std::string(variable) + " is not set: run this test through ctest");
  return value;
}

FileDescriptor open_output(const fs::path& path) {
  FileDescriptor file(
      geomx::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), "open", path.string()));
  return file;
}

[[noreturn]] void become(const Invocation& invocation, int out, int err) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (::chdir(invocation.directory.c_str()) != 0) ::_exit(126);
  if (invocation.unprivileged) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(126);
    ::unsetenv("XDG_RUNTIME_DIR");
  }
  for (const auto& [name, value] : invocation.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (invocation.in_child) invocation.in_child();
  std::vector<char*> argv;
  for (const std::string& argument : invocation.argv) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  ::_exit(127);
}

// What follows the command's name in /proc/PID/stat: state, parent, ...; empty: no such process.
std::vector<std::string> stat_fields(pid_t pid) {
  const std::string text = read_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::string command_of(pid_t pid) {
  std::string text = read_file("/proc/" + std::to_string(pid) + "/cmdline");
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

}  // namespace

fs::path binary(const std::string& name) {
  return from_environment("GEOMX_BIN") / name;
}
fs::path source(const std::string& path) {
  return from_environment("GEOMX_SOURCE") / path;
}

Scratch::Scratch() {
  std::string pattern = "/tmp/geomx-e2e-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw SystemError(pattern, "make a scratch folder", errno);
  path_ = pattern;
  geomx::check(::chmod(path_.c_str(), 0777), "open the scratch folder to everybody", pattern);
}

Scratch::~Scratch() {
  std::error_code error;
  fs::remove_all(path_, error);
}

Command::Command(const Invocation& invocation) {
  static std::atomic<int> number{0};
  const std::string stem = ".command-" + std::to_string(++number);
  out_ = fs::temp_directory_path() / ("geomx-e2e-" + std::to_string(::getpid()) + stem + ".out");
  err_ = out_.string() + ".err";
  const FileDescriptor out = open_output(out_);
  const FileDescriptor err = open_output(err_);
  pid_ = geomx::check(::fork(), "fork");
  if (pid_ == 0) become(invocation, out.get(), err.get());
  pidfd_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  geomx::check(pidfd_.get(), "open a pidfd");
}

Command::~Command() {
  if (!status_) {
    signal(SIGKILL);
    wait(std::chrono::seconds(30));
  }
  std::error_code error;
  fs::remove(out_, error);
  fs::remove(err_, error);
}

void Command::signal(int signal) const {
  if (!status_) ::kill(pid_, signal);
}

std::optional<int> Command::wait(std::chrono::milliseconds patience) {
  if (status_) return status_;
  pollfd entry{pidfd_.get(), POLLIN, 0};
  const auto deadline = Clock::now() + patience;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<long>(0, left.count())));
    if (ready > 0) break;
    if (ready == 0 && left.count() <= 0) return std::nullopt;
  }
  int status = 0;
  geomx::check(::waitpid(pid_, &status, 0), "wait for a command");
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

std::string Command::out() const {
  return read_file(out_);
}
std::string Command::err() const {
  return read_file(err_);
}

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

nlohmann::json read_json(const fs::path& path) {
  return fs::exists(path) ? nlohmann::json::parse(read_file(path)) : nlohmann::json();
}

std::vector<ProcessInfo> process_tree(pid_t root) {
  std::vector<ProcessInfo> all;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const pid_t pid = std::stoi(name);
    const std::vector<std::string> fields = stat_fields(pid);
    if (fields.size() < 20) continue;
    all.push_back({pid, std::stoi(fields[1]), command_of(pid), std::stoull(fields[19])});
  }
  std::set<pid_t> wanted{root};
  for (bool grown = true; grown;) {
    grown = false;
    for (const ProcessInfo& process : all) {
      if (wanted.contains(process.parent)) grown = wanted.insert(process.pid).second || grown;
    }
  }
  std::erase_if(all, [&](const ProcessInfo& process) { return !wanted.contains(process.pid); });
  return all;
}

bool alive(const ProcessInfo& process) {
  const std::vector<std::string> fields = stat_fields(process.pid);
  return fields.size() >= 20 && fields[0] != "Z" && std::stoull(fields[19]) == process.start_time;
}

bool eventually(std::chrono::milliseconds patience, const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string missing_for_labs(bool unprivileged) {
  if (::geteuid() == 0) return {};
  if (unprivileged) return "root is needed to become another user";
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) {
    return "this machine forbids user namespaces to ordinary users";
  }
  return {};
}

}  // namespace geomx::test
