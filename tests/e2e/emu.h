#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd.h"

// geomx-emu as a user has it: the real binary, started from a folder, its output and exit code taken. For tests only.
namespace geomx::test {

std::filesystem::path binary(const std::string& name);  // in this build
std::filesystem::path source(const std::string& path);  // in this tree

// A folder under /tmp that everybody may write to; removed with its owner, whoever has written into it.
class Scratch {
 public:
  Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Invocation {
  std::vector<std::string> argv;
  std::filesystem::path directory;
  std::map<std::string, std::string> environment{};  // beside this process's own
  bool unprivileged = false;                         // as user 65534 without groups; REQUIRES: root
  std::function<void()> in_child{};                  // last thing before exec
};

// One process whose standard output and error go to files in `directory`; killed and reaped with its owner.
class Command {
 public:
  explicit Command(const Invocation& invocation);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  ~Command();

  pid_t pid() const { return pid_; }
  void signal(int signal) const;
  // The exit code, or 128 + signal; nullopt: still running after `patience`.
  std::optional<int> wait(std::chrono::milliseconds patience);
  std::string out() const;
  std::string err() const;

 private:
  std::filesystem::path out_;
  std::filesystem::path err_;
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<int> status_;
};

std::string read_file(const std::filesystem::path& path);
nlohmann::json read_json(const std::filesystem::path& path);  // null where it is not there

// A process of a tree, told apart from a later one of the same number by its start time.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  std::string command;  // argv[0]'s file name, and its arguments
  unsigned long long start_time = 0;
};
// Every descendant of `root` and `root` itself, as /proc has them at this moment.
std::vector<ProcessInfo> process_tree(pid_t root);
bool alive(const ProcessInfo& process);  // a zombie is not

// Waits until `condition` holds, looking every few milliseconds; false: not by the deadline.
bool eventually(std::chrono::milliseconds patience, const std::function<bool()>& condition);

// Why a lab cannot be made on this machine; empty: it can.
std::string missing_for_labs(bool unprivileged);

}  // namespace geomx::test
