#include "emulator/sandbox/pinned.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

#include <cerrno>

#include "emulator/base/error.h"

namespace geomx::sandbox {

void pin(const Namespace& network, const std::string& path) {
  const FileDescriptor file(check(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), "create", path));
  const std::string source = "/proc/self/fd/" + std::to_string(network.fd());
  check(::mount(source.c_str(), path.c_str(), nullptr, MS_BIND, nullptr), "pin network namespace", path);
}

std::optional<Namespace> open_pinned(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file) throw SystemError(path, "open", errno);
  struct statfs status {};
  check(::fstatfs(file.get(), &status), "look at", path);
  if (status.f_type != NSFS_MAGIC) return std::nullopt;
  return Namespace(std::move(file));
}

void unpin(const std::string& path) {
  // EINVAL: it is no mount.
  if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT) {
    throw SystemError(path, "release network namespace", errno);
  }
}

}  // namespace geomx::sandbox
