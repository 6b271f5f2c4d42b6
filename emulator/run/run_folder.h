#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "emulator/base/fd.h"

// The folder that a run leaves behind; docs/run-folder.md describes every file in it.
//
// A run may be killed at any moment, so every file is readable at any moment: JSON files are replaced as a whole by
// rename, logs are written by the processes themselves, the database is in WAL mode. run.json is written first and
// marks the folder as a run's; one whose "end" is null belongs to a run that is still going or was killed.
namespace geomx::run {

class RunFolder {
 public:
  // Makes `out`, or runs/NAME-YYYYmmdd-HHMMSS (-2, -3, ... where that exists). An `out` that holds an earlier run,
  // however that ended, is cleared of that run's files; one that holds anything else is an InputError. Throws
  // SystemError where the folder cannot be made or cleared. Write run.json next.
  static RunFolder create(const std::string& scenario_name, const std::optional<std::filesystem::path>& out);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database() const { return path_ / "run.sqlite"; }
  std::filesystem::path log(const std::string& node) const { return path_ / "logs" / (node + ".log"); }

  // Writes or replaces the file `name`, one of run.json, scenario.json and summary.json, in one step.
  void write(const std::string& name, const std::string& content) const;
  // Puts disk space aside, which release_space() gives back for what is to be written at the end: a run that fails
  // because the disk is full can still say so. Throws SystemError where there is not as much.
  void reserve_space(std::size_t bytes) const;
  void release_space() const noexcept;
  // logs/NODE.log, for appending: several commands of one node share it. Makes logs/ where it is missing.
  FileDescriptor open_log(const std::string& node) const;

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// The line of a process's log that says why it ended: the last one that speaks of an error or starts with the
// program's name, else the last one; empty where there is none. Reads at most the last 64 KiB.
std::string last_error_line(const std::filesystem::path& log);

}  // namespace geomx::run
