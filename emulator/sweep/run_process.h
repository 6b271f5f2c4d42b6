#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd.h"

namespace geomx::sweep {

struct RunCommand {
  std::vector<std::string> argv;    // argv[0] is the program's path
  std::filesystem::path directory;  // to run it in
  int lock_fd = -1;                 // that it holds, and whatever it starts may; -1: none
};

// One `geomx-emu run --progress json` as a process of its own, in a process group of its own, so that Ctrl-C reaches it
// by us alone. It does not outlive this process: the kernel kills it then, and its lab with it. Move-only; destroying
// one that still runs kills and reaps it. REQUIRES: the thread that makes it lives as long as this process.
class RunProcess {
 public:
  explicit RunProcess(const RunCommand& command);  // throws SystemError
  RunProcess(RunProcess&& other) noexcept;
  RunProcess& operator=(RunProcess&&) = delete;
  ~RunProcess();

  int pidfd() const { return pidfd_.get(); }    // readable once it has ended
  int output() const { return output_.get(); }  // readable when it has said something; -1 after the end of that
  void read();                                  // takes what there is; does not wait
  double share() const { return share_; }       // of its rounds or commands that are done
  // The last line that was no progress; empty where there was none.
  const std::string& last_words() const { return last_words_; }

  void signal(int signal);
  // Its wait status (wait(2)), once it has ended; does not wait.
  std::optional<int> poll_exit();

 private:
  void take_line(const std::string& line);

  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  FileDescriptor output_;
  std::string unfinished_;  // line
  std::string last_words_;
  double share_ = 0;
  std::optional<int> status_;
};

// "exited with code 1", "killed by signal 9 (Killed)"
std::string describe_exit(int wait_status);

}  // namespace geomx::sweep
