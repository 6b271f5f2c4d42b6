#include "emulator/control/processes.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>
#include <set>

#include "emulator/base/error.h"

namespace geomx::control {
namespace {

constexpr std::chrono::seconds grace{2};

std::string name_of(const std::string& variable) {
  return variable.substr(0, variable.find('='));
}

std::vector<std::string> environment_of(const wire::Spawn& spawn) {
  std::vector<std::string> environment(spawn.environment().begin(), spawn.environment().end());
  if (!spawn.whole_environment()) {
    std::set<std::string> given;
    std::transform(environment.begin(), environment.end(), std::inserter(given, given.end()), name_of);
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (!given.contains(name_of(*entry))) environment.emplace_back(*entry);
    }
  }
  std::sort(environment.begin(), environment.end());
  return environment;
}

// A process that is somebody else's by now (a setuid program) is not to end the loop that serves everybody.
void signal_group(sandbox::ChildProcess& child, const std::string& node, int signal) noexcept {
  try {
    child.signal_group(signal);
  } catch (const Error& error) {
    spdlog::warn("{}: {}", node, error.line());
  }
}

}  // namespace

ProcessId Processes::spawn(Owner owner, const wire::Spawn& spawn, const std::vector<FileDescriptor>& descriptors) {
  lab_.require_running(spawn.node());
  if (spawn.argv().empty()) throw InputError(spawn.node(), "no command given", "exec LAB NODE -- COMMAND...");
  sandbox::SpawnOptions options;
  options.node = spawn.node();
  options.argv.assign(spawn.argv().begin(), spawn.argv().end());
  options.environment = environment_of(spawn);
  options.directory = spawn.directory();
  int* const places[] = {&options.stdin_fd, &options.stdout_fd, &options.stderr_fd, &options.extra_fd};
  for (std::size_t number = 0; number < 4; ++number) *places[number] = descriptors[number].get();
  options.terminal = spawn.own_session();
  options.open_files = open_files_;
  lab_.settle(options);
  const std::uint64_t kills = memory_kills(spawn.node());
  Running running{owner, spawn.node(), sandbox::spawn(options), std::nullopt, kills};
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
  // Forgotten whatever follows: a pidfd that stays readable would be reported for ever.
  Running running = std::move(running_.extract(process).mapped());
  by_pidfd_.erase(running.child.pidfd());
  const sandbox::ExitStatus status = running.child.poll_exit().value_or(sandbox::ExitStatus{});
  return {running.owner, running.node, {process, status.shell_code(), status.signal != 0, remark(running, status)}};
}

// What a bare "killed by signal 9" does not say.
std::string Processes::remark(const Running& running, const sandbox::ExitStatus& status) const {
  if (status.signal != SIGKILL || memory_kills(running.node) <= running.memory_kills) return {};
  const std::optional<Bytes>& limit = lab_.plan().node(running.node).machine.memory;
  return fmt::format("out of memory: the node's limit is {}", geomx::to_string(limit.value_or(Bytes{}), true));
}

// Zero where the node has gone meanwhile.
std::uint64_t Processes::memory_kills(const std::string& node) const {
  try {
    const auto& cgroup = lab_.namespaces(node).cgroup;
    return cgroup ? cgroup->memory_kills() : 0;
  } catch (const InputError&) {
    return 0;
  }
}

void Processes::orphan(Owner owner) {
  for (auto& [process, running] : running_) {
    if (running.owner != owner) continue;
    signal_group(running.child, running.node, SIGHUP);
    running.doomed = std::chrono::steady_clock::now() + grace;
  }
}

std::optional<std::chrono::milliseconds> Processes::reap_orphans() {
  std::optional<std::chrono::milliseconds> soonest;
  const auto now = std::chrono::steady_clock::now();
  for (auto& [process, running] : running_) {
    if (!running.doomed) continue;
    if (*running.doomed <= now) {
      signal_group(running.child, running.node, SIGKILL);  // its end is collected like any other
      running.doomed.reset();
      continue;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*running.doomed - now);
    soonest = soonest ? std::min(*soonest, left) : left;
  }
  return soonest;
}

}  // namespace geomx::control
