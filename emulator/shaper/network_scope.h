#pragma once

#include "emulator/base/fd.h"

namespace geomx::shaper {

// The calling thread is in the network namespace `fd` while this lives; -1: stays where it is. Sockets made meanwhile
// stay there. Ends the process where it cannot come back: going on in the wrong namespace would be worse.
class NetworkScope {
 public:
  explicit NetworkScope(int fd);
  NetworkScope(const NetworkScope&) = delete;
  NetworkScope& operator=(const NetworkScope&) = delete;
  ~NetworkScope();

 private:
  FileDescriptor home_;
};

}  // namespace geomx::shaper
