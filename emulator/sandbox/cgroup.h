#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/base/units.h"

// Limits of a node's processes, by cgroups of the first version, the second, or a mixture of both, as this machine has
// them mounted. They lie at the top of their hierarchies, outside of the lab's process tree, and bear the lab's mark in
// their names: "geomx-emu.MARK.NODE". Only what bears it is ever removed. Root only.
namespace geomx::sandbox {

struct Limits {
  std::optional<double> cpu;    // cores
  std::optional<Bytes> memory;  // swap included; a process that wants more is killed
};

// One node's: a cgroup per controller that it needs. Move-only; destroying it removes what no process is in any more,
// and leaves the rest to remove_cgroups.
class Cgroup {
 public:
  // Throws SystemError naming the file or folder, WorkError where a controller is to be had nowhere.
  Cgroup(const std::string& mark, const std::string& name, const Limits& limits);
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&&) noexcept = default;
  ~Cgroup();

  // Descriptors of files into which a process writes "0" to come in.
  std::vector<int> entrances() const;
  // How many processes have been killed for want of memory.
  std::uint64_t memory_kills() const;
  std::uint64_t memory_used() const;  // bytes; 0 without a limit

 private:
  struct Folder {
    std::string path;
    FileDescriptor entrance;
  };
  std::vector<Folder> folders_;
  std::string memory_folder_;  // empty: no limit
  bool memory_unified_ = false;
};

// Removes every cgroup with the mark, once its last process has ended; false where some are left after `timeout`.
bool remove_cgroups(const std::string& mark, Nanoseconds timeout);

// Why this process cannot limit these two, and what to do about it; none: it can.
struct CgroupObstacle {
  std::string what;
  std::string remedy;
};
std::optional<CgroupObstacle> cgroup_obstacle(const Limits& limits);

// How cgroups are mounted here: "cpu: v1, memory: v2".
std::string describe_cgroups();

}  // namespace geomx::sandbox
