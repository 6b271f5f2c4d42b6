#include "emulator/control/processes.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "emulator/base/error.h"

namespace geomx::control {
namespace {

constexpr std::chrono::seconds grace{2};

std::vector<std::string> merged_environment(const wire::Spawn& spawn) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!spawn.environment().contains(text.substr(0, text.find('=')))) environment.push_back(text);
  }
  for (const auto& [name, value] : spawn.environment()) environment.push_back(name + "=" + value);
  std::sort(environment.begin(), environment.end());
  return environment;
}

}  // namespace

ProcessId Processes::spawn(Owner owner, const wire::Spawn& spawn, const std::vector<FileDescriptor>& descriptors) {
  const lab::NodeNamespaces& namespaces = lab_.namespaces(spawn.node());
  if (spawn.argv().empty()) throw InputError(spawn.node(), "no command given", "exec LAB NODE -- COMMAND...");
  sandbox::SpawnOptions options;
  options.node = spawn.node();
  options.argv.assign(spawn.argv().begin(), spawn.argv().end());
  options.environment = merged_environment(spawn);
  options.directory = spawn.directory();
  options.network_fd = namespaces.network.fd();
  options.uts_fd = namespaces.uts.fd();
  int* const places[] = {&options.stdin_fd, &options.stdout_fd, &options.stderr_fd, &options.extra_fd};
  for (std::size_t number = 0; number < 4; ++number) *places[number] = descriptors[number].get();
  options.terminal = spawn.own_session();
  Running running{owner, spawn.node(), sandbox::spawn(options), std::nullopt};
  const ProcessId process = next_++;
  by_pidfd_[running.child.pidfd()] = process;
  running_.emplace(process, std::move(running));
  return process;
}

void Processes::signal(ProcessId process, int signal) {
  const auto it = running_.find(process);
  if (it != running_.end()) it->second.child.signal_group(signal);
}

std::optional<ProcessId> Processes::process_of(int pidfd) const {
  const auto it = by_pidfd_.find(pidfd);
  return it == by_pidfd_.end() ? std::nullopt : std::optional(it->second);
}

Processes::Ended Processes::collect(ProcessId process) {
  const auto it = running_.find(process);
  const sandbox::ExitStatus status = it->second.child.poll_exit().value_or(sandbox::ExitStatus{});
  const Ended ended{it->second.owner, {process, status.shell_code(), status.signal != 0}};
  by_pidfd_.erase(it->second.child.pidfd());
  running_.erase(it);
  return ended;
}

void Processes::orphan(Owner owner) {
  for (auto& [process, running] : running_) {
    if (running.owner != owner) continue;
    running.child.signal_group(SIGHUP);
    running.doomed = std::chrono::steady_clock::now() + grace;
  }
}

std::optional<std::chrono::milliseconds> Processes::reap_orphans() {
  std::optional<std::chrono::milliseconds> soonest;
  const auto now = std::chrono::steady_clock::now();
  for (auto& [process, running] : running_) {
    if (!running.doomed) continue;
    if (*running.doomed <= now) {
      running.child.signal_group(SIGKILL);  // its end is collected like any other
      running.doomed.reset();
      continue;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*running.doomed - now);
    soonest = soonest ? std::min(*soonest, left) : left;
  }
  return soonest;
}

}  // namespace geomx::control
