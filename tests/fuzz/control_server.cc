// The server in the lab process against a client that sends whatever it likes: it answers or drops that client, and
// goes on serving the next one. The lab is one without nodes, so that no request can start anything.

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "emulator/control/server.h"
#include "emulator/lab/lab.h"

namespace {

using namespace geomx;

struct Listener {
  FileDescriptor socket;
  sockaddr_un address{};
  socklen_t size = sizeof address;
};

// At an abstract address that the kernel chooses.
Listener listen() {
  Listener listener;
  listener.socket.reset(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "create a socket"));
  sockaddr_un any{};
  any.sun_family = AF_UNIX;
  check(::bind(listener.socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any.sun_family), "bind");
  auto* address = reinterpret_cast<sockaddr*>(&listener.address);
  check(::getsockname(listener.socket.get(), address, &listener.size), "read the address");
  check(::listen(listener.socket.get(), 8), "listen");
  return listener;
}

FileDescriptor connect(const Listener& listener) {
  FileDescriptor socket(check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "create a socket"));
  const auto* address = reinterpret_cast<const sockaddr*>(&listener.address);
  check(::connect(socket.get(), address, listener.size), "connect");
  return socket;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static lab::Lab* const lab = [] {
    spdlog::set_level(spdlog::level::off);
    lab::Plan plan;
    plan.lab = "fuzzed";
    return new lab::Lab(plan);  // lives as long as the process, as that of a server does
  }();
  Listener listener = listen();
  const FileDescriptor fuzzed = connect(listener);
  // What does not fit into the socket at once is left out: nobody reads yet.
  if (::send(fuzzed.get(), data, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && size > 0) return 0;
  ::shutdown(fuzzed.get(), SHUT_WR);

  const FileDescriptor sane = connect(listener);
  // A frame with a request for the lab's end.
  control::wire::Request end;
  end.mutable_down();
  std::string frame(3, '\0');
  frame += static_cast<char>(end.ByteSizeLong());
  end.AppendToString(&frame);
  check(static_cast<int>(::send(sane.get(), frame.data(), frame.size(), MSG_NOSIGNAL)), "send");
  {
    control::Server server(*lab, std::move(listener.socket), {"{}", 64});
    server.run();  // until it has served the sane client, or the fuzzed one has found out how to end a lab
  }
  return 0;
}
