#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/sandbox/lab_process.h"

namespace geomx::sandbox {

namespace {

constexpr const char* kHosts = "/etc/hosts";

bool same_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

void install_hosts_file(const std::string& text) {
  const std::string path = std::string(kPrivateDirectory) + "/hosts";
  const FileDescriptor file(check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), "write", path));
  for (std::size_t written = 0; written < text.size();) {
    written += static_cast<std::size_t>(
        check(static_cast<int>(::write(file.get(), text.data() + written, text.size() - written)), "write", path));
  }
  if (same_file(path, kHosts)) return;
  if (::mount(path.c_str(), kHosts, nullptr, MS_BIND, nullptr) < 0) {
    throw SystemError(kHosts, "cover with the lab's host names", errno,
                      errno == ENOENT ? "the file must exist, if only empty" : "");
  }
}

}  // namespace geomx::sandbox
