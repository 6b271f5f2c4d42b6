// A client against a server that answers whatever it likes: every call returns or throws an error of ours, and none
// waits for more than the server has sent.
//
// Input: a byte that chooses the call, then what the server sends before it hangs up.

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "emulator/base/error.h"
#include "emulator/control/client.h"

namespace {

using namespace geomx;
using namespace std::chrono_literals;

void call(control::Client& client, unsigned choice) {
  switch (choice % 7) {
    case 0:
      client.counters();
      break;
    case 1:
      client.inspect();
      break;
    case 2:
      client.plan();
      break;
    case 3:
      client.packet_socket("a");
      break;
    case 4:
      client.spawn({.node = "a", .argv = {"true"}});
      break;
    case 5:
      client.down();
      break;
    default:
      client.next_exit(1s);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "create socket pair");
  control::Client client(FileDescriptor(fds[0]), "fuzzed");
  const FileDescriptor server(fds[1]);
  if (::send(server.get(), data + 1, size - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && size > 1) return 0;
  ::shutdown(server.get(), SHUT_WR);
  for (int turn = 0; turn < 3; ++turn) {
    try {
      call(client, data[0] + static_cast<unsigned>(turn));
    } catch (const Error&) {
      // As it should be: the answer made no sense, or there was none.
    }
  }
  return 0;
}
