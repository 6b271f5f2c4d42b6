#include "emulator/run/run_folder.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <string_view>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/run/job_variables.h"

namespace geomx::run {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = "run.json";
constexpr const char* kReserve = ".reserve";

// What a file is written as until it is whole.
std::string temporary_of(const std::string& name) {
  return "." + name + ".new";
}

// All that a run writes at the top of its folder, a killed one included; only these are ever removed from one that is
// used again. The mark is last.
std::vector<std::string> names_of_a_run() {
  std::vector<std::string> names{kReserve,         "run.sqlite", "run.sqlite-journal", "run.sqlite-wal",
                                 "run.sqlite-shm", "logs",       kCheckpointFolder};
  for (const char* name : {"scenario.json", "summary.json", kMark}) {
    names.push_back(temporary_of(name));
    names.emplace_back(name);
  }
  return names;
}

std::string timestamp() {
  return fmt::format("{:%Y%m%d-%H%M%S}", fmt::localtime(std::time(nullptr)));
}

// Makes a folder with its parents; false where it exists already.
bool make_folder(const fs::path& path) {
  std::error_code error;
  const bool made = fs::create_directories(path, error);
  if (error) {
    throw SystemError(path.string(), "create the run folder", error.value(), "choose another place with --out DIR");
  }
  return made;
}

void clear_earlier_run(const fs::path& path) {
  const std::vector<std::string> names = names_of_a_run();
  // A run that was killed while it wrote the mark has left nothing else.
  const bool marked = fs::exists(path / kMark) || fs::exists(path / temporary_of(kMark));
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    if (!known || !marked) {
      throw InputError(path.string(), fmt::format("the folder is not empty and \"{}\" in it is not of a run", name),
                       "choose another place with --out DIR");
    }
  }
  // The mark stays, to be replaced by the new run's: an interrupted clearing can be taken up again.
  for (const std::string& name : names) {
    if (name == kMark) continue;
    std::error_code error;
    fs::remove_all(path / name, error);
    if (error) {
      throw SystemError((path / name).string(), "remove what an earlier run left", error.value(),
                        "remove it, or choose another place with --out DIR");
    }
  }
}

FileDescriptor open_file(const fs::path& path, int flags) {
  return FileDescriptor(check(::open(path.c_str(), flags | O_CLOEXEC, 0644), "open", path.string()));
}

void write_all(const FileDescriptor& fd, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw SystemError(path.string(), "write", errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  return std::search(text.begin(), text.end(), word.begin(), word.end(),
                     [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }) != text.end();
}

}  // namespace

RunFolder RunFolder::create(const std::string& scenario_name, const std::optional<fs::path>& out) {
  fs::path path;
  if (out) {
    path = fs::absolute(*out).lexically_normal();
    if (fs::exists(path) && !fs::is_directory(path)) throw InputError(path.string(), "is not a folder");
    if (!make_folder(path)) clear_earlier_run(path);
  } else {
    const fs::path base = fs::absolute("runs") / (scenario_name + "-" + timestamp());
    path = base;
    for (int number = 2; !make_folder(path); ++number) path = base.string() + "-" + std::to_string(number);
  }
  return RunFolder(path);
}

void RunFolder::write(const std::string& name, const std::string& content) const {
  const fs::path path = path_ / name;
  const fs::path temporary = path_ / temporary_of(name);
  {
    const FileDescriptor file = open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    write_all(file, content, temporary);
  }
  check(::rename(temporary.c_str(), path.c_str()), "replace", path.string());
}

void RunFolder::reserve_space(std::size_t bytes) const {
  const fs::path path = path_ / kReserve;
  const FileDescriptor file = open_file(path, O_WRONLY | O_CREAT);
  if (const int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(bytes))) {
    throw SystemError(path.string(), "put disk space aside", error, "choose another place with --out DIR");
  }
}

void RunFolder::release_space() const noexcept {
  ::unlink((path_ / kReserve).c_str());
}

FileDescriptor RunFolder::open_log(const std::string& node) const {
  make_folder(path_ / "logs");
  return open_file(log(node), O_WRONLY | O_CREAT | O_APPEND);
}

std::string last_error_line(const fs::path& log) {
  constexpr std::streamoff kTail = 64 * 1024;
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kTail));
  std::string last;
  std::string telling;
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    last = line;
    if (line.starts_with("geomx-node:") || contains_ignoring_case(line, "error")) telling = line;
  }
  return telling.empty() ? last : telling;
}

}  // namespace geomx::run
