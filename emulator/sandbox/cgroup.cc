#include "emulator/sandbox/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "emulator/base/error.h"
#include "emulator/sandbox/privileges.h"

namespace geomx::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "geomx-emu.";
constexpr int kPauseMs = 2;  // between two attempts to remove a cgroup
// The shorter the period, the less a limited program stalls and sprints; but a quota has to be 1 ms at least.
constexpr double kShortestPeriod = 10'000;  // microseconds
constexpr double kShortestQuota = 1'000;

struct Hierarchy {
  std::string top;  // where it is mounted
  bool unified = false;
};

bool has_word(const std::string& text, const std::string& word, char separator) {
  std::istringstream words(text);
  for (std::string each; std::getline(words, each, separator);) {
    if (each == word) return true;
  }
  return false;
}

std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Every mounted hierarchy: where, and the options of one of the first version, which name its controllers.
struct Mounted {
  Hierarchy hierarchy;
  std::string options;
};

std::vector<Mounted> mounted_hierarchies() {
  std::vector<Mounted> found;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::size_t middle = line.find(" - ");
    if (middle == std::string::npos) continue;
    std::istringstream before(line.substr(0, middle));
    std::istringstream after(line.substr(middle + 3));
    std::string skipped;
    std::string place;
    std::string type;
    std::string options;
    before >> skipped >> skipped >> skipped >> skipped >> place;
    after >> type >> skipped >> options;
    if (type == "cgroup" || type == "cgroup2") found.push_back({{place, type == "cgroup2"}, options});
  }
  return found;
}

// A controller belongs to one hierarchy only.
std::optional<Hierarchy> hierarchy_of(const std::string& controller) {
  for (const auto& [hierarchy, options] : mounted_hierarchies()) {
    const bool there = hierarchy.unified ? has_word(read_line(hierarchy.top + "/cgroup.controllers"), controller, ' ')
                                         : has_word(options, controller, ',');
    if (there) return hierarchy;
  }
  return std::nullopt;
}

void write_setting(const std::string& path, const std::string& value, const std::string& hint = {}) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || ::write(file.get(), value.data(), value.size()) < 0) {
    throw SystemError(path, "set to " + value, errno, hint);
  }
}

// Where the controller's cgroups can be made. In a unified hierarchy it may have to be let in first.
Hierarchy ready_for(const std::string& controller) {
  const std::optional<Hierarchy> hierarchy = hierarchy_of(controller);
  if (!hierarchy) {
    throw WorkError({}, fmt::format("this machine has no cgroup controller for {} mounted", controller),
                    "mount -t cgroup2 none /sys/fs/cgroup, or start the kernel without cgroup_disable");
  }
  if (::access(hierarchy->top.c_str(), W_OK) < 0) {
    throw SystemError(hierarchy->top, "create cgroups", errno,
                      "a container needs the machine's cgroups, to be written to");
  }
  if (hierarchy->unified && !has_word(read_line(hierarchy->top + "/cgroup.subtree_control"), controller, ' ')) {
    write_setting(hierarchy->top + "/cgroup.subtree_control", "+" + controller,
                  "a container's own processes are in the way: give it the machine's cgroups");
  }
  return *hierarchy;
}

void limit_cpu(const std::string& folder, bool unified, double cores) {
  const double period = std::max(kShortestPeriod, kShortestQuota / cores);
  const long quota = std::lround(period * cores);
  if (unified) {
    write_setting(folder + "/cpu.max", fmt::format("{} {}", quota, std::lround(period)));
    return;
  }
  write_setting(folder + "/cpu.cfs_period_us", std::to_string(std::lround(period)));
  write_setting(folder + "/cpu.cfs_quota_us", std::to_string(quota));
}

// What would go to swap instead of being refused is counted too, where the kernel can.
void limit_memory(const std::string& folder, bool unified, Bytes bytes) {
  const std::string limit = std::to_string(bytes.value);
  write_setting(folder + (unified ? "/memory.max" : "/memory.limit_in_bytes"), limit);
  const std::string swap = folder + (unified ? "/memory.swap.max" : "/memory.memsw.limit_in_bytes");
  if (::access(swap.c_str(), W_OK) == 0) write_setting(swap, unified ? "0" : limit);
}

// "KEY NUMBER" among the lines of a file.
std::uint64_t count_in(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string name;
  for (std::uint64_t number = 0; file >> name >> number;) {
    if (name == key) return number;
  }
  return 0;
}

// With those that a program in the node may have made within. False where a process is in one of them.
bool remove_cgroup(const fs::path& folder) {
  std::error_code gone;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, gone)) {
    if (entry.is_directory(gone)) remove_cgroup(entry.path());
  }
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

Cgroup::Cgroup(const std::string& mark, const std::string& name, const Limits& limits) {
  const auto enter = [&](const std::string& controller) {
    const Hierarchy hierarchy = ready_for(controller);
    const std::string folder = fmt::format("{}/{}{}.{}", hierarchy.top, kPrefix, mark, name);
    if (::mkdir(folder.c_str(), 0755) < 0 && errno != EEXIST) throw SystemError(folder, "create cgroup", errno);
    const bool fresh =
        std::none_of(folders_.begin(), folders_.end(), [&](const Folder& each) { return each.path == folder; });
    if (fresh) {
      folders_.push_back({folder, {}});
      const std::string entrance = folder + "/cgroup.procs";
      folders_.back().entrance =
          FileDescriptor(check(::open(entrance.c_str(), O_WRONLY | O_CLOEXEC), "open", entrance));
    }
    return std::pair(folder, hierarchy.unified);
  };
  try {
    if (limits.cpu) {
      const auto [folder, unified] = enter("cpu");
      limit_cpu(folder, unified, *limits.cpu);
    }
    if (limits.memory) {
      const auto [folder, unified] = enter("memory");
      limit_memory(folder, unified, *limits.memory);
      memory_folder_ = folder;
      memory_unified_ = unified;
    }
  } catch (const Error&) {
    for (const Folder& folder : folders_) ::rmdir(folder.path.c_str());
    throw;
  }
}

Cgroup::~Cgroup() {
  for (const Folder& folder : folders_) remove_cgroup(folder.path);
}

std::vector<int> Cgroup::entrances() const {
  std::vector<int> descriptors;
  for (const Folder& folder : folders_) descriptors.push_back(folder.entrance.get());
  return descriptors;
}

std::uint64_t Cgroup::memory_kills() const {
  if (memory_folder_.empty()) return 0;
  return count_in(memory_folder_ + (memory_unified_ ? "/memory.events" : "/memory.oom_control"), "oom_kill");
}

std::uint64_t Cgroup::memory_used() const {
  if (memory_folder_.empty()) return 0;
  std::uint64_t bytes = 0;
  std::ifstream(memory_folder_ + (memory_unified_ ? "/memory.current" : "/memory.usage_in_bytes")) >> bytes;
  return bytes;
}

bool remove_cgroups(const std::string& mark, Nanoseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::string prefix = kPrefix + mark + ".";
  for (;;) {
    bool all_gone = true;
    for (const auto& [hierarchy, options] : mounted_hierarchies()) {
      std::error_code error;
      for (const fs::directory_entry& entry : fs::directory_iterator(hierarchy.top, error)) {
        if (!entry.path().filename().string().starts_with(prefix)) continue;
        all_gone = remove_cgroup(entry.path()) && all_gone;
      }
    }
    if (all_gone || std::chrono::steady_clock::now() > deadline) return all_gone;
    ::poll(nullptr, 0, kPauseMs);
  }
}

std::optional<CgroupObstacle> cgroup_obstacle(const Limits& limits) {
  if (!can_make_namespaces_directly()) {
    return CgroupObstacle{"limits of cpu and memory need root", "start it as root, or leave them out"};
  }
  try {
    if (limits.cpu) ready_for("cpu");
    if (limits.memory) ready_for("memory");
    return std::nullopt;
  } catch (const Error& error) {
    return CgroupObstacle{error.what(), error.hint()};
  }
}

std::string describe_cgroups() {
  std::string text;
  for (const char* controller : {"cpu", "memory"}) {
    const std::optional<Hierarchy> hierarchy = hierarchy_of(controller);
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", controller,
                        !hierarchy           ? "none"
                        : hierarchy->unified ? "v2"
                                             : "v1");
  }
  return text;
}

}  // namespace geomx::sandbox
