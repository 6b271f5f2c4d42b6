// A client against a server that answers whatever it likes, by both roads: every call returns or throws an error of
// ours, and none waits for more than the server has sent.
//
// Input: a byte that chooses the call, then what the server sends before it hangs up: to the descriptor socket as it
// is, to a request as one message.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/zmq_router.h"

namespace {

using namespace geomx;
using namespace std::chrono_literals;

void call(control::Client& client, unsigned choice) {
  switch (choice % 8) {
    case 0:
      client.counters();
      break;
    case 1:
      client.inspect();
      break;
    case 2:
      client.plan(1s);
      break;
    case 3:
      client.packet_socket("a");
      break;
    case 4:
      client.spawn({.node = "a", .argv = {"true"}});
      break;
    case 5:
      client.down(1s);
      break;
    case 6:
      client.subscribe(0ms);
      break;
    default:
      client.next_exit(1s);
  }
}

// A lab's two sockets; the requests' is served by a thread that answers each with the same.
class Lab {
 public:
  Lab() {
    std::string pattern = "/tmp/geomx-fuzz-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw SystemError(pattern, "make folder", errno);
    folder_ = pattern;
    FileDescriptor listener = control::bind_socket(folder_, control::kRequestSocket);
    check(::listen(listener.get(), 64), "listen");
    router_.emplace(listener);
  }
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab() {
    ::unlink((folder_ + "/" + control::kRequestSocket).c_str());
    ::rmdir(folder_.c_str());
  }
  const std::string& folder() const { return folder_; }

  // Until `stop`'s other end is closed.
  void serve(const std::string& answer, int stop) {
    for (;;) {
      while (const auto received = router_->receive()) router_->send(received->client, answer);
      pollfd entries[] = {{stop, POLLIN, 0}, {router_->descriptors().front(), POLLIN, 0}};
      if (::poll(entries, 2, 1000) < 0 && errno != EINTR) return;
      if (entries[0].revents != 0) return;
    }
  }

 private:
  std::string folder_;
  std::optional<control::Router> router_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Lab lab;
  if (size == 0) return 0;
  int fds[2];
  check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "create socket pair");
  const FileDescriptor server(fds[1]);
  Pipe stop = make_pipe();
  const std::string answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::jthread serving([&] { lab.serve(answer, stop.read.get()); });
  const FileDescriptor ends_the_serving = std::move(stop.write);
  control::Client client(FileDescriptor(fds[0]), lab.folder(), "fuzzed");
  if (::send(server.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && size > 1) return 0;
  ::shutdown(server.get(), SHUT_WR);
  for (unsigned turn = 0; turn < 3; ++turn) {
    try {
      call(client, data[0] + turn);
    } catch (const Error&) {
      // As it should be: the answer made no sense, or there was none.
    }
  }
  return 0;
}
