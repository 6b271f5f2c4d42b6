#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "emulator/sandbox/privileges.h"

// For tests that make network namespaces in their own process: where the user is not root, puts the whole test process
// into a user namespace in which he is; where even that is forbidden, skips every test and says why. Use:
//   const auto* const environment = testing::AddGlobalTestEnvironment(new OwnNamespaces);
namespace geomx::testing_support {

class OwnNamespaces : public ::testing::Environment {
 public:
  void SetUp() override {
    if (sandbox::can_make_namespaces_directly()) return;
    const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
    const std::string group = "0 " + std::to_string(::getegid()) + " 1";
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || !write("/proc/self/setgroups", "deny") ||
        !write("/proc/self/uid_map", user) || !write("/proc/self/gid_map", group)) {
      GTEST_SKIP() << "SKIPPED: neither root nor a user namespace to be had: " << std::strerror(errno) << " "
                   << sandbox::user_namespace_remedy();
    }
  }

 private:
  static bool write(const char* path, const std::string& text) {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool good = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    return good;
  }
};

}  // namespace geomx::testing_support
