#include "tests/support/private_network.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace geomx::test {
namespace {

constexpr uid_t kNobody = 65534;

std::string failure(const std::string& attempt) {
  return attempt + ": " + std::strerror(errno);
}

bool write_file(const char* path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  return file.good();
}

}  // namespace

std::string enter_private_network(bool as_user) {
  if (as_user && ::geteuid() == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setresgid(kNobody, kNobody, kNobody) != 0 ||
        ::setresuid(kNobody, kNobody, kNobody) != 0) {
      return failure("become nobody");
    }
    // A process that has changed its user may not write its own uid_map otherwise.
    if (::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return failure("stay dumpable");
  }
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (user == 0) return ::unshare(CLONE_NEWNET) == 0 ? "" : failure("create network namespace");
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return failure("create user namespace");
  if (!write_file("/proc/self/setgroups", "deny") ||
      !write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") ||
      !write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1")) {
    return failure("map user");
  }
  return "";
}

}  // namespace geomx::test
