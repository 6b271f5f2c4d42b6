#pragma once

#include "emulator/sandbox/namespace.h"

namespace geomx::sandbox {

// Whether any socket in that network namespace listens on the TCP port, over IPv4 or IPv6, at whatever address.
// REQUIRES: /proc is mounted. Throws SystemError where the kernel's table cannot be read.
bool tcp_listens(const Namespace& network, int port);

}  // namespace geomx::sandbox
