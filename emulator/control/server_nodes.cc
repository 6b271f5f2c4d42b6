// What the lab itself runs in its nodes.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "emulator/base/error.h"
#include "emulator/control/server.h"
#include "emulator/lab/frr.h"

namespace geomx::control {
namespace {

constexpr std::chrono::seconds routing_patience{60};

FileDescriptor open_log(const std::string& folder, const std::string& path) {
  if (::mkdir(folder.c_str(), 0700) < 0 && errno != EEXIST) throw SystemError(folder, "create folder", errno);
  return FileDescriptor(
      geomx::check(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644), "open log", path));
}

std::string how_it_ended(const ProcessExit& exit) {
  if (!exit.by_signal) return fmt::format("exited with code {}", exit.status);
  return fmt::format("killed by signal {}{}", exit.status - 128, exit.remark.empty() ? "" : ", " + exit.remark);
}

}  // namespace

void Server::start_nodes() {
  for (const lab::PlannedNode& node : lab_.plan().nodes) start_routing(node.name);
  lab_.wait_until_routed(routing_patience);
  for (const lab::PlannedNode& node : lab_.plan().nodes) start_node(node.name);
}

void Server::start_routing(const std::string& node) {
  if (!lab_.plan().node(node).frr.empty()) run_own(node, "routing", lab::frr_command(lab_.plan()));
}

void Server::start_node(const std::string& node) {
  const std::vector<std::string>& argv = lab_.plan().node(node).machine.start;
  if (!argv.empty()) run_own(node, "start", argv);
}

void Server::run_own(const std::string& node, const std::string& what, const std::vector<std::string>& argv) {
  wire::Spawn spawn;
  spawn.set_node(node);
  for (const std::string& argument : argv) spawn.add_argv(argument);
  spawn.set_directory("/");
  std::vector<FileDescriptor> descriptors(4);
  lab::Started started{node, what, 0, "running", ""};
  if (!options_.log_folder.empty()) {
    started.log = options_.log_folder + "/" + node + ".log";
    descriptors[1] = open_log(options_.log_folder, started.log);
    descriptors[2] = descriptors[1].duplicate();
  }
  started.process = processes_.spawn(Processes::kLab, spawn, descriptors);
  watch(processes_.pidfd(started.process), EPOLLIN, EPOLL_CTL_ADD);
  std::erase_if(started_, [&](const lab::Started& each) { return each.node == node && each.what == what; });
  started_.push_back(std::move(started));
  publish("start", node, fmt::format("{}: {}", what, fmt::join(argv, " ")));
}

// Of a node that was restarted, the one before may end after the next has begun.
void Server::note_end(const Processes::Ended& ended) {
  const std::string text = how_it_ended(ended.exit);
  std::string what = "before its restart";
  for (lab::Started& each : started_) {
    if (each.node != ended.node || each.process != ended.exit.process) continue;
    each.state = text;
    what = each.what;
  }
  publish("exit", ended.node, fmt::format("{}: {}", what, text));
}

}  // namespace geomx::control
