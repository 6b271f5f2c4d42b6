#include "emulator/sandbox/node_processes.h"

#include <dirent.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/sandbox/pidfd.h"

namespace geomx::sandbox {
namespace {

constexpr int kPauseMs = 1;  // between two looks at processes that are ending

// Which namespace: a number may come to mean another, but not while a descriptor holds it.
using Identity = std::pair<dev_t, ino_t>;

Identity identity_of(const Namespace& network) {
  struct stat found {};
  check(::fstat(network.fd(), &found), "look at a network namespace");
  return {found.st_dev, found.st_ino};
}

// A process that ends, or has ended, has none.
bool is_in(pid_t pid, const Identity& network) {
  struct stat found {};
  return ::stat(fmt::format("/proc/{}/ns/net", pid).c_str(), &found) == 0 &&
         Identity(found.st_dev, found.st_ino) == network;
}

std::vector<pid_t> processes_in(const Identity& network) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) throw SystemError("/proc", "list processes", errno);
  std::vector<pid_t> found;
  while (const dirent* entry = ::readdir(folder.get())) {
    char* end = nullptr;
    const long pid = std::strtol(entry->d_name, &end, 10);
    if (pid <= 0 || *end != '\0' || pid == ::getpid()) continue;
    if (is_in(static_cast<pid_t>(pid), network)) found.push_back(static_cast<pid_t>(pid));
  }
  return found;
}

// False where it has ended meanwhile.
bool send(pid_t pid, const Identity& network, int signal) {
  try {
    const FileDescriptor process = open_pidfd(pid);
    return is_in(pid, network) && signal_process(process.get(), signal);
  } catch (const SystemError& error) {
    if (error.error_number() == ESRCH) return false;
    throw;
  }
}

}  // namespace

void signal_processes(const Namespace& network, int signal, Nanoseconds timeout) {
  const Identity identity = identity_of(network);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::set<pid_t> reached;
  for (;;) {
    // One pass without a process that had not been reached: whoever could have started another has had the signal.
    bool any_new = false;
    const std::vector<pid_t> found = processes_in(identity);
    for (const pid_t pid : found) {
      if (reached.insert(pid).second) any_new = send(pid, identity, signal) || any_new;
    }
    if (signal == SIGKILL ? found.empty() : !any_new) return;
    if (std::chrono::steady_clock::now() > deadline) {
      throw WorkError(
          {}, fmt::format("{} processes of the node are left after {}", found.size(), geomx::to_string(timeout, true)));
    }
    if (!any_new) ::poll(nullptr, 0, kPauseMs);
  }
}

}  // namespace geomx::sandbox
