#include "emulator/sandbox/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"

namespace geomx::sandbox {

namespace {

FileDescriptor open_setting(const std::string& name, int flags) {
  std::string path = name;
  std::replace(path.begin(), path.end(), '.', '/');
  return FileDescriptor(::open(("/proc/sys/" + path).c_str(), flags | O_CLOEXEC));
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
