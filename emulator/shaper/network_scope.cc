#include "emulator/shaper/network_scope.h"

#include <fcntl.h>
#include <sched.h>

#include <exception>

#include "emulator/base/error.h"

namespace geomx::shaper {

NetworkScope::NetworkScope(int fd) {
  if (fd < 0) return;
  FileDescriptor home(check(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "open own network namespace"));
  check(::setns(fd, CLONE_NEWNET), "enter network namespace");
  home_ = std::move(home);
}

NetworkScope::~NetworkScope() {
  if (home_ && ::setns(home_.get(), CLONE_NEWNET) != 0) std::terminate();
}

}  // namespace geomx::shaper
