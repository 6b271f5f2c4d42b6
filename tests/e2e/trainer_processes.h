#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

// Real processes for the tests of geomx-node, in a network namespace of the test's own, so that ports are free and
// nothing leaves the machine.
namespace geomx::trainer {

// Moves this process, which must have one thread, into a network namespace whose loopback is up. Returns why that is
// not possible here; empty: done.
std::string enter_own_network();

// One child; killed and reaped with its owner.
class Process {
 public:
  // Standard output and error go to `log`; PATH and HOME are kept and nothing else of this process's environment.
  Process(std::string name, const std::vector<std::string>& argv, const std::map<std::string, std::string>& environment,
          std::filesystem::path log);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;

  const std::string& name() const { return name_; }
  void signal(int signal);
  // The exit status as a shell says it (128 + signal); nullopt: still running at the deadline.
  std::optional<int> wait(std::chrono::steady_clock::time_point deadline);
  std::string output() const;
  std::vector<std::string> lines(const std::string& containing) const;

 private:
  std::string name_;
  std::filesystem::path log_;
  int pid_ = -1;
  int pidfd_ = -1;
};

std::filesystem::path binary(const std::string& name);  // in this build
std::filesystem::path source(const std::string& path);  // in this tree

}  // namespace geomx::trainer
