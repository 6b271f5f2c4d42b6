#include "tests/e2e/leftovers.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "emulator/base/error.h"

namespace geomx::test {

namespace fs = std::filesystem;

namespace {

std::string target_of(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).string();  // empty where it has gone
}

bool is_namespace(const std::string& name) {
  static const std::set<std::string> kKinds{"net", "mnt", "pid", "uts", "ipc", "user", "cgroup", "time"};
  const std::size_t bracket = name.find(":[");
  return bracket != std::string::npos && kKinds.contains(name.substr(0, bracket));
}

// The namespaces, as "net:[4026532008]", that a process of /proc is in, holds open or has mounted.
void collect_namespaces(const fs::path& process, std::set<std::string>& into) {
  std::error_code error;
  for (const char* folder : {"ns", "fd"}) {
    for (fs::directory_iterator entry(process / folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string target = target_of(entry->path());
      if (is_namespace(target)) into.insert(target);
    }
  }
  std::istringstream mounts(read_file(process / "mountinfo"));
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string root;
    for (int field = 0; field < 4; ++field) words >> root;
    if (is_namespace(root)) into.insert(root);
  }
}

}  // namespace

void leave_the_machines_own() {
  static const bool left = [] {
    check(::unshare(CLONE_NEWNS | CLONE_NEWNET), "leave the machine's namespaces");
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "take no part in others' mounts");
    // Shared among ourselves, so that a lab that does not keep its mounts to itself is found out.
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr), "share our own");
    return true;
  }();
  static_cast<void>(left);
}

std::vector<std::string> marked_processes(const std::string& marker) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || name == std::to_string(::getpid())) continue;
    if (read_file(entry.path() / "environ").find(marker) != std::string::npos) {
      found.push_back(name + " " + read_file(entry.path() / "comm"));
    }
  }
  return found;
}

std::vector<std::string> remaining(const std::vector<ProcessInfo>& tree) {
  std::vector<std::string> found;
  for (const ProcessInfo& process : tree) {
    if (alive(process)) found.push_back(std::to_string(process.pid) + " " + process.command);
  }
  return found;
}

std::set<std::string> namespaces_of(const std::vector<ProcessInfo>& tree) {
  std::set<std::string> found;
  for (const ProcessInfo& process : tree) collect_namespaces("/proc/" + std::to_string(process.pid), found);
  std::set<std::string> own;
  collect_namespaces("/proc/self", own);
  std::erase_if(found, [&](const std::string& name) { return own.contains(name); });
  return found;
}

std::vector<std::string> reachable(const std::set<std::string>& wanted, const std::vector<ProcessInfo>& processes) {
  std::set<std::string> all;
  for (const ProcessInfo& process : processes) {
    if (alive(process)) collect_namespaces("/proc/" + std::to_string(process.pid), all);
  }
  std::vector<std::string> found;
  std::set_intersection(wanted.begin(), wanted.end(), all.begin(), all.end(), std::back_inserter(found));
  return found;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> interfaces() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/class/net")) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

int depth(const std::vector<ProcessInfo>& tree, const ProcessInfo& process, pid_t root) {
  std::map<pid_t, pid_t> parents;
  for (const ProcessInfo& other : tree) parents[other.pid] = other.parent;
  int steps = 0;
  for (pid_t at = process.pid; at != root && parents.contains(at) && steps < 100; at = parents[at]) ++steps;
  return steps;
}

}  // namespace geomx::test
