#include "emulator/sandbox/listening.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>

#include "emulator/base/error.h"

namespace geomx::sandbox {
namespace {

constexpr unsigned kListen = 0x0A;  // TCP_LISTEN, as /proc/net/tcp has it

// "   0: 00000000:1451 00000000:0000 0A ...": number, local address and port, the other end's, state.
bool listens(const std::string& line, int port) {
  unsigned local = 0;
  unsigned state = 0;
  if (std::sscanf(line.c_str(), "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) != 2) return false;
  return state == kListen && local == static_cast<unsigned>(port);
}

}  // namespace

bool tcp_listens(const Namespace& network, int port) {
  const ScopedNetwork inside(network);
  for (const char* table : {"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"}) {
    std::ifstream lines(table);
    if (!lines && std::string(table).ends_with("6")) continue;  // a kernel without IPv6
    if (!lines) throw SystemError(table, "read the sockets that listen", errno);
    for (std::string line; std::getline(lines, line);) {
      if (listens(line, port)) return true;
    }
  }
  return false;
}

}  // namespace geomx::sandbox
