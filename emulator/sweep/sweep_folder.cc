#include "emulator/sweep/sweep_folder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <utility>

#include "emulator/base/error.h"

namespace geomx::sweep {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDatabase = "sweep.sqlite";
constexpr const char* kLock = "lock";
// For the runs of a killed sweep, which the kernel ends with it, to be gone.
constexpr std::chrono::seconds kPatience(10);

// A sweep that was killed before its database was there has left no more than this.
bool belongs_to_a_beginning(const std::string& name) {
  return name == kLock || name.starts_with(std::string(kDatabase) + ".new");
}

bool make_folder(const fs::path& path) {
  std::error_code error;
  const bool made = fs::create_directories(path, error);
  if (error)
    throw SystemError(path.string(), "create the sweep's folder", error.value(), "choose another with --out DIR");
  return made;
}

FileDescriptor take_lock(const fs::path& folder) {
  const fs::path path = folder / kLock;
  FileDescriptor file(check(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644), "open", path.string()));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  constexpr int kBetweenTries = 20;  // milliseconds: a lock cannot be waited for with a deadline
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) throw SystemError(path.string(), "lock", errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      throw InputError(folder.string(), "a sweep is going on in this folder", "wait for it, or end it");
    }
    ::poll(nullptr, 0, kBetweenTries);
  }
  return file;
}

}  // namespace

SweepFolder::SweepFolder(fs::path path) : path_(std::move(path)), lock_(take_lock(path_)) {}

SweepFolder SweepFolder::create(const std::string& scenario_name, const std::optional<fs::path>& out) {
  fs::path path;
  if (out) {
    path = fs::absolute(*out).lexically_normal();
    if (fs::exists(path) && !fs::is_directory(path)) throw InputError(path.string(), "is not a folder");
    if (has_sweep(path)) {
      throw InputError(path.string(), "holds a sweep already",
                       "--resume goes on with it; --out DIR takes another place");
    }
    if (!make_folder(path)) {
      for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
        const std::string name = entry.path().filename().string();
        if (belongs_to_a_beginning(name)) continue;
        throw InputError(path.string(), fmt::format("the folder is not empty: there is \"{}\"", name),
                         "choose another with --out DIR");
      }
    }
  } else {
    const std::string base = fmt::format("{}/{}-{:%Y%m%d-%H%M%S}", fs::absolute("sweeps").string(), scenario_name,
                                         fmt::localtime(std::time(nullptr)));
    path = base;
    for (int number = 2; !make_folder(path); ++number) path = fmt::format("{}-{}", base, number);
  }
  return SweepFolder(path);
}

SweepFolder SweepFolder::open(const fs::path& path) {
  if (!has_sweep(path)) throw InputError(path.string(), "holds no sweep", "it begins without --resume");
  return SweepFolder(fs::absolute(path).lexically_normal());
}

bool SweepFolder::has_sweep(const fs::path& path) {
  return fs::exists(path / kDatabase);
}

std::string SweepFolder::run_folder(std::int64_t run) {
  return fmt::format("runs/{:04}", run);
}

fs::path SweepFolder::scenario(std::int64_t point) const {
  return path_ / fmt::format("scenarios/{:04}.json", point);
}

void SweepFolder::write(const fs::path& relative, const std::string& content) const {
  const fs::path path = path_ / relative;
  make_folder(path.parent_path());
  const fs::path unfinished = path.string() + ".new";
  errno = 0;
  std::ofstream file(unfinished, std::ios::binary);
  file << content;
  file.close();
  if (!file) throw SystemError(unfinished.string(), "write", errno);
  fs::rename(unfinished, path);
}

}  // namespace geomx::sweep
