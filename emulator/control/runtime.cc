#include "emulator/control/runtime.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/scenario/suggest.h"

namespace geomx::control {
namespace {

constexpr const char* socket_name = "control.sock";
constexpr const char* lock_name = "lock";
constexpr const char* entry_name = "lab.json";
constexpr int backlog = 64;
constexpr int patience_ms = 300;  // how long a connection to a dying lab may take to break
constexpr int retry_ms = 5;
constexpr std::chrono::seconds dying_time{5};  // of a killed lab: the kernel closes its descriptors

bool ours(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
}

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST) throw SystemError(path, "create folder", errno);
}

bool good_name(const std::string& lab) {
  return !lab.empty() && lab.size() <= 64 && lab.front() != '.' && lab.front() != '-' &&
         std::all_of(lab.begin(), lab.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.'; });
}

// The socket's address by way of its folder's descriptor: sun_path holds 107 bytes, and runtime folders can be longer.
struct SocketAddress {
  explicit SocketAddress(const std::string& folder)
      : directory(check(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open folder", folder)) {
    address.sun_family = AF_UNIX;
    const std::string path = fmt::format("/proc/self/fd/{}/{}", directory.get(), socket_name);
    std::copy(path.begin(), path.end(), address.sun_path);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

  FileDescriptor directory;
  sockaddr_un address{};
};

FileDescriptor make_socket() {
  return FileDescriptor(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "create socket", "control socket"));
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
    struct stat held {};
    struct stat found {};
    if (::fstat(lock.get(), &held) == 0 && ::stat(path.c_str(), &found) == 0 && held.st_ino == found.st_ino) {
      return lock;
    }
  }
}

// Whether somebody listens in the folder: a connection to one who dies, or has died, breaks.
bool lives(const std::string& folder) {
  try {
    const FileDescriptor socket = make_socket();
    const SocketAddress address(folder);
    const bool connected = ::connect(socket.get(), address.get(), sizeof address.address) == 0;
    pollfd entry{connected ? socket.get() : -1, POLLRDHUP, 0};
    const int ready = ::poll(&entry, 1, connected ? patience_ms : retry_ms);
    return connected && ready == 0;
  } catch (const SystemError&) {
    return false;  // the folder has gone
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
  if (!json.is_object()) return entry;  // being started at this moment
  entry.pid = json.value("pid", 0);
  entry.nodes = json.value("nodes", std::size_t{0});
  entry.links = json.value("links", std::size_t{0});
  entry.attached = json.value("attached", true);
  entry.started = json.value("started", std::int64_t{0});
  return entry;
}

}  // namespace

std::string runtime_root() {
  std::string root;
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (const char* chosen = std::getenv("GEOMX_EMU_RUNTIME_DIR")) {
    root = chosen;
  } else if (::geteuid() == 0) {
    root = "/run/geomx-emu";
  } else if (runtime != nullptr && ours(runtime)) {
    root = std::string(runtime) + "/geomx-emu";
  } else {
    root = fmt::format("/tmp/geomx-emu-{}", ::geteuid());
  }
  make_folder(root);
  if (!ours(root)) throw WorkError(root, "is not a folder of this user", "remove it, or set XDG_RUNTIME_DIR");
  check(::chmod(root.c_str(), 0700), "set mode 0700", root);
  return root;
}

RuntimeFolder::RuntimeFolder(std::string path, FileDescriptor lock, FileDescriptor listener)
    : path_(std::move(path)), lock_(std::move(lock)), listener_(std::move(listener)) {}

RuntimeFolder::~RuntimeFolder() {
  if (lock_) remove_folder(path_);
}

RuntimeFolder RuntimeFolder::claim(const std::string& lab) {
  if (!good_name(lab)) {
    throw InputError(lab, "is no name for a lab", "1 to 64 letters, digits, '-', '_' and '.', a letter or digit first");
  }
  const std::string path = runtime_root() + "/" + lab;
  make_folder(path);
  FileDescriptor lock = lock_for(lab, path);
  RuntimeFolder folder(path, std::move(lock), make_socket());
  ::unlink((path + "/" + socket_name).c_str());
  const SocketAddress address(path);
  check(::bind(folder.listener(), address.get(), sizeof address.address), "bind", path + "/" + socket_name);
  check(::listen(folder.listener(), backlog), "listen", path + "/" + socket_name);
  return folder;
}

void RuntimeFolder::describe(const LabEntry& entry) {
  const std::string path = path_ + "/" + entry_name;
  std::ofstream file(path + ".new");
  file << nlohmann::json{{"pid", entry.pid},
                         {"nodes", entry.nodes},
                         {"links", entry.links},
                         {"attached", entry.attached},
                         {"started", entry.started}}
       << '\n';
  file.close();
  if (!file) throw WorkError(path, "cannot be written");
  check(::rename((path + ".new").c_str(), path.c_str()), "rename", path);
}

void RuntimeFolder::hand_over() {
  lock_.reset();
  listener_.reset();
}

void remove_folder(const std::string& path) {
  for (const char* name : {socket_name, entry_name, lock_name}) ::unlink((path + "/" + name).c_str());
  ::unlink((path + "/" + entry_name + ".new").c_str());
  ::rmdir(path.c_str());
}

std::vector<LabEntry> running_labs() {
  std::vector<LabEntry> labs;
  for (const auto& item : std::filesystem::directory_iterator(runtime_root())) {
    const std::string path = item.path();
    if (!item.is_directory()) continue;
    // A folder without its lock file is between two system calls of its starter, or left over from a removal.
    if (const FileDescriptor lock = try_lock(path, false)) {
      remove_folder(path);
      continue;
    }
    if (!std::filesystem::exists(path + "/" + lock_name)) {
      ::rmdir(path.c_str());
      continue;
    }
    labs.push_back(read_entry(path, item.path().filename()));
  }
  std::sort(labs.begin(), labs.end(), [](const LabEntry& a, const LabEntry& b) { return a.name < b.name; });
  return labs;
}

std::optional<LabEntry> find_lab(const std::string& lab) {
  for (LabEntry& entry : running_labs()) {
    if (entry.name == lab) return std::move(entry);
  }
  return std::nullopt;
}

FileDescriptor connect_to(const std::string& lab) {
  const std::vector<LabEntry> labs = running_labs();
  std::vector<std::string> names(labs.size());
  std::transform(labs.begin(), labs.end(), names.begin(), [](const LabEntry& entry) { return entry.name; });
  if (std::find(names.begin(), names.end(), lab) == names.end()) {
    throw InputError(
        lab, "no lab of this name is running",
        names.empty() ? "none is: start one with 'geomx-emu up SCENARIO'" : scenario::suggestion(lab, names));
  }
  FileDescriptor socket = make_socket();
  const SocketAddress address(runtime_root() + "/" + lab);
  check(::connect(socket.get(), address.get(), sizeof address.address), "connect to its control socket", lab);
  return socket;
}

}  // namespace geomx::control
