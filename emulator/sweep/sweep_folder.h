#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "emulator/base/fd.h"

// The folder that a sweep lives in; docs/sweeps.md describes every file in it.
//
// Whoever works on a sweep holds its lock, and so do the runs that it has started: once the lock is free, nothing of an
// earlier `sweep`, killed or not, is left.
namespace geomx::sweep {

class SweepFolder {
 public:
  // Makes `out`, or sweeps/NAME-YYYYmmdd-HHMMSS (-2, -3, ... where that exists). Throws InputError where `out` holds
  // anything, an earlier sweep included.
  static SweepFolder create(const std::string& scenario_name, const std::optional<std::filesystem::path>& out);
  // An existing sweep. Throws InputError where there is none, or where one is going on in it.
  static SweepFolder open(const std::filesystem::path& path);
  static bool has_sweep(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path database() const { return path_ / "sweep.sqlite"; }
  static std::string run_folder(std::int64_t run);  // relative to path(): "runs/0007"
  std::filesystem::path scenario(std::int64_t point) const;
  int lock_fd() const { return lock_.get(); }

  // Writes or replaces a file in one step. Throws SystemError.
  void write(const std::filesystem::path& relative, const std::string& content) const;

 private:
  explicit SweepFolder(std::filesystem::path path);  // takes the lock
  std::filesystem::path path_;
  FileDescriptor lock_;
};

}  // namespace geomx::sweep
