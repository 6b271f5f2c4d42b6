#include "emulator/control/runtime.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/control/keys.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/outside.h"
#include "emulator/scenario/suggest.h"

namespace geomx::control {
namespace {

// Also the mark by which a folder is known to be a lab's, and not something else of the user's.
constexpr const char* lock_name = "geomx-emu.lock";
constexpr const char* entry_name = "lab.json";
constexpr int patience_ms = 300;  // how long a connection to a dying lab may take to break
constexpr int retry_ms = 5;
constexpr std::chrono::seconds outside_patience{2};  // for what a killed lab has left outside of its process tree
constexpr std::chrono::seconds dying_time{5};        // of a killed lab: the kernel closes its descriptors

bool ours(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) throw SystemError(path, "create folder", errno);
}

bool good_name(const std::string& lab) {
  return !lab.empty() && lab.size() <= 64 && lab.front() != '.' && lab.front() != '-' &&
         std::all_of(lab.begin(), lab.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
}

// The folder's lock, or none where a living lab holds it. `create`: makes the file where it is missing.
FileDescriptor try_lock(const std::string& folder, bool create) {
  const std::string path = folder + "/" + lock_name;
  for (;;) {
    FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600));
    if (!lock) {
      if (create && errno == ENOENT) {
        make_folder(folder);  // removed between its making and now
        continue;
      }
      if (errno == ENOENT) return lock;
      throw SystemError(path, "open", errno);
    }
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) < 0) {
      if (errno == EWOULDBLOCK) return FileDescriptor();
      throw SystemError(path, "lock", errno);
    }
    // The lock counts only while its file is the one that others find.
    if (is_lock_of(lock.get(), folder)) return lock;
  }
}

// Whether somebody listens in the folder: a connection to one who dies, or has died, breaks.
bool lives(const std::string& folder) {
  try {
    const FileDescriptor socket = connect_socket(folder);
    pollfd entry{socket.get(), POLLRDHUP, 0};
    return ::poll(&entry, 1, patience_ms) == 0;
  } catch (const SystemError&) {
    ::poll(nullptr, 0, retry_ms);
    return false;  // nobody listens, or the folder has gone
  }
}

// A lab that was killed a moment ago may hold its lock a little longer.
FileDescriptor lock_for(const std::string& lab, const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + dying_time;
  for (;;) {
    if (FileDescriptor lock = try_lock(path, true)) return lock;
    if (lives(path) || std::chrono::steady_clock::now() > deadline) {
      throw NameTaken(lab, "a lab of this name is running",
                      fmt::format("end it with 'geomx-emu down {}', or choose another name with --name", lab));
    }
  }
}

LabEntry read_entry(const std::string& folder, const std::string& name) {
  LabEntry entry;
  entry.name = name;
  std::ifstream file(folder + "/" + entry_name);
  const nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (json.is_object()) {
    entry.nodes = json.value("nodes", std::size_t{0});
    entry.links = json.value("links", std::size_t{0});
    entry.attached = json.value("attached", true);
    entry.started = json.value("started", std::int64_t{0});
    entry.run_folder = json.value("run_folder", std::string());
  }
  try {
    entry.pid = init_of(connect_socket(folder).get());
  } catch (const SystemError&) {
    // It is being started, or ends, at this moment.
  }
  return entry;
}

void write_entry(const std::string& folder, const nlohmann::json& entry) {
  const std::string path = folder + "/" + entry_name;
  std::ofstream file(path + ".new");
  // A folder's name need not be UTF-8.
  file << entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  file.close();
  if (!file) throw WorkError(path, "cannot be written");
  check(::rename((path + ".new").c_str(), path.c_str()), "rename", path);
}

// Names of the labs that run; removes what others have left.
std::vector<std::string> names_of_labs(const std::string& root) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(root)) {
    const std::string path = item.path();
    std::error_code gone;
    if (!item.is_directory(gone)) continue;
    if (const FileDescriptor lock = try_lock(path, false)) {
      // Where some of it cannot be removed yet the folder stays, for the next command.
      if (remove_outside(path, outside_patience)) remove_folder(path);
    } else if (std::filesystem::exists(path + "/" + lock_name, gone)) {
      names.push_back(item.path().filename());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// What an ended lab of that folder has left in it beside its entry.
void remove_traces(const std::string& folder) {
  remove_mark(folder);
  std::error_code gone;
  std::filesystem::remove_all(folder + "/" + kLogFolder, gone);
}

}  // namespace

std::string runtime_root() {
  std::string root;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (const char* chosen = std::getenv("GEOMX_EMU_RUNTIME_DIR")) {
    make_folder(chosen);
    root = std::string(chosen) + "/geomx-emu";
  } else if (::geteuid() == 0) {
    root = "/run/geomx-emu";
  } else if (runtime != nullptr && ours(runtime)) {
    root = std::string(runtime) + "/geomx-emu";
  } else {
    root = fmt::format("/tmp/geomx-emu-{}", ::geteuid());
  }
  make_folder(root);
  if (!ours(root)) {
    throw WorkError(root, "is not a folder of this user, or others may write to it",
                    "remove it, or set GEOMX_EMU_RUNTIME_DIR to another folder");
  }
  return root;
}

RuntimeFolder::RuntimeFolder(std::string path, FileDescriptor lock)
    : path_(std::move(path)),
      lock_(std::move(lock)),
      listener_(bind_socket(path_, kDescriptorSocket)),
      requests_(bind_socket(path_, kRequestSocket)) {
  check(::listen(requests_.get(), SOMAXCONN), "listen", path_);
}

RuntimeFolder::~RuntimeFolder() {
  if (!lock_) return;
  try {
    // Where some of it cannot be removed yet the folder stays, for the next command.
    if (remove_outside(path_, outside_patience)) remove_folder(path_);
  } catch (const std::exception&) {
    // Likewise.
  }
}

RuntimeFolder RuntimeFolder::claim(const std::string& lab) {
  if (!good_name(lab)) {
    throw InputError(lab, "is no name for a lab", "1 to 64 letters, digits, '-', '_' and '.', a letter or digit first");
  }
  const std::string path = runtime_root() + "/" + lab;
  make_folder(path);
  if (!std::filesystem::exists(path + "/" + lock_name) && !std::filesystem::is_empty(path)) {
    throw InputError(path, "holds something else than a lab", "choose another name with --name");
  }
  FileDescriptor lock = lock_for(lab, path);
  if (!remove_outside(path, outside_patience)) {
    throw WorkError(lab, "a lab of this name has ended, and some of its processes are still in its cgroups");
  }
  remove_traces(path);
  return {path, std::move(lock)};
}

void RuntimeFolder::describe(const LabEntry& entry) {
  nlohmann::json json{
      {"nodes", entry.nodes}, {"links", entry.links}, {"attached", entry.attached}, {"started", entry.started}};
  if (!entry.run_folder.empty()) json["run_folder"] = entry.run_folder;
  write_entry(path_, json);
}

void update_entry(const std::string& folder, std::size_t nodes, std::size_t links) {
  std::ifstream file(folder + "/" + entry_name);
  nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) throw WorkError(folder, "has no entry of a lab");
  json["nodes"] = nodes;
  json["links"] = links;
  write_entry(folder, json);
}

void RuntimeFolder::close_listeners() {
  listener_.reset();
  requests_.reset();
}

void RuntimeFolder::hand_over() {
  lock_.reset();
  close_listeners();
}

bool is_lock_of(int lock, const std::string& folder) {
  struct stat held {};
  struct stat found {};
  return ::fstat(lock, &held) == 0 && ::stat((folder + "/" + lock_name).c_str(), &found) == 0 &&
         held.st_ino == found.st_ino;
}

void remove_folder(const std::string& path) {
  remove_traces(path);
  // The lock goes last: with it gone the folder may be another lab's.
  const std::string entry = entry_name;
  for (const std::string& name : {std::string(kRequestSocket), std::string(kDescriptorSocket), std::string(kKeyName),
                                  entry, entry + ".new", std::string(lock_name)}) {
    ::unlink((std::filesystem::path(path) / name).c_str());
  }
  ::rmdir(path.c_str());
}

void finish(const std::string& lab, std::chrono::nanoseconds timeout) {
  const std::string path = runtime_root() + "/" + lab;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (!std::filesystem::exists(path + "/" + lock_name)) return;
    if (const FileDescriptor lock = try_lock(path, false)) {
      if (remove_outside(path, timeout)) {
        remove_folder(path);
        return;
      }
    } else if (lives(path)) {
      return;  // another lab of that name by now
    }
    if (std::chrono::steady_clock::now() > deadline) {
      throw WorkError(lab, "has ended, but something of it is left: its cgroups, uplinks or devices",
                      "'geomx-emu list' removes it once its processes have ended");
    }
  }
}

std::vector<LabEntry> running_labs() {
  const std::string root = runtime_root();
  const std::vector<std::string> names = names_of_labs(root);
  std::vector<LabEntry> labs(names.size());
  std::transform(names.begin(), names.end(), labs.begin(),
                 [&](const std::string& name) { return read_entry(root + "/" + name, name); });
  return labs;
}

std::string folder_of(const std::string& lab) {
  const std::string root = runtime_root();
  const std::vector<std::string> names = names_of_labs(root);
  if (std::find(names.begin(), names.end(), lab) == names.end()) {
    throw InputError(
        lab, "no lab of this name is running",
        names.empty() ? "none is: start one with 'geomx-emu up SCENARIO'" : scenario::suggestion(lab, names));
  }
  return root + "/" + lab;
}

FileDescriptor connect_to(const std::string& lab, const std::string& folder) {
  try {
    return connect_socket(folder);
  } catch (const SystemError& error) {
    throw SystemError(lab, "connect to its control socket", error.error_number(),
                      "it starts or ends at this moment: try again");
  }
}

}  // namespace geomx::control
