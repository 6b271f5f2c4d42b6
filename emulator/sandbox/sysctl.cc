#include "emulator/sandbox/sysctl.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::sandbox {

namespace {

// A procfs of its own: from Linux 5.8 on each mount is one. None where this process may not.
FileDescriptor mount_proc() {
  const FileDescriptor context(::fsopen("proc", FSOPEN_CLOEXEC));
  if (!context || ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return FileDescriptor();
  return FileDescriptor(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

// The kernel remembers what has been looked up below /proc/sys, for each network namespace by the same name, and each
// look-up goes through all of them: with a thousand namespaces a setting takes ten times as long as with one. So every
// now and then another procfs is asked, which remembers nothing yet.
class Proc {
 public:
  // A folder of settings, good until the next call.
  int get() {
    constexpr int most_uses = 800;  // some sixty namespaces
    if (owner_ != ::getpid()) {
      proc_.release();  // a copy of the parent's, who has closed it or not
      owner_ = ::getpid();
      uses_ = 0;
      proc_ = FileDescriptor(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    if (++uses_ >= most_uses) {
      uses_ = 0;
      if (FileDescriptor next = mount_proc()) proc_ = std::move(next);
    }
    return proc_.get();
  }

 private:
  pid_t owner_ = 0;
  int uses_ = 0;
  FileDescriptor proc_;
};

FileDescriptor open_setting(const std::string& name, int flags) {
  thread_local Proc proc;
  std::string path = "sys." + name;
  std::replace(path.begin(), path.end(), '.', '/');
  return FileDescriptor(::openat(proc.get(), path.c_str(), flags | O_CLOEXEC));
}

// 0 or errno.
int write_setting(const std::string& name, const std::string& value) {
  const FileDescriptor file = open_setting(name, O_WRONLY);
  if (!file) return errno;
  return ::write(file.get(), value.data(), value.size()) < 0 ? errno : 0;
}

}  // namespace

void write_sysctl(const std::string& name, const std::string& value) {
  if (const int error = write_setting(name, value); error != 0) throw SystemError(name, "set to " + value, error);
}

bool try_write_sysctl(const std::string& name, const std::string& value) {
  return write_setting(name, value) == 0;
}

std::string read_sysctl(const std::string& name) {
  const FileDescriptor file = open_setting(name, O_RDONLY);
  std::array<char, 4096> text{};
  const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size < 0) throw SystemError(name, "read setting", errno);
  std::string value(text.data(), static_cast<std::size_t>(size));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

}  // namespace geomx::sandbox
