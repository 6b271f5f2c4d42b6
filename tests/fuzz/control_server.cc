// The server in the lab process against clients that send whatever they like, by both roads: it answers or drops them,
// and goes on serving the next one. The lab is one without nodes, so that no request can start anything.
//
// Input: what is sent to the descriptor socket, and, as one message, to the request socket.

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/control/client.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/protocol.h"
#include "emulator/control/server.h"
#include "emulator/control/zmq_dealer.h"
#include "emulator/lab/lab.h"

namespace {

using namespace geomx;

std::string make_folder() {
  std::string pattern = "/tmp/geomx-fuzz-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw SystemError(pattern, "make folder", errno);
  static const std::string folder = pattern;
  std::atexit([] {
    for (const char* name : {control::kRequestSocket, control::kDescriptorSocket}) {
      ::unlink((folder + "/" + name).c_str());
    }
    ::rmdir(folder.c_str());
  });
  return pattern;
}

control::Listeners listen(const std::string& folder) {
  control::Listeners listeners{control::bind_socket(folder, control::kDescriptorSocket),
                               control::bind_socket(folder, control::kRequestSocket)};
  check(::listen(listeners.descriptors.get(), 8), "listen");
  check(::listen(listeners.requests.get(), 8), "listen");
  return listeners;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string folder = make_folder();
  static lab::Lab* const lab = [] {
    spdlog::set_level(spdlog::level::off);
    lab::Plan plan;
    plan.lab = "fuzzed";
    return new lab::Lab(plan);  // lives as long as the process, as that of a server does
  }();
  control::Server server(*lab, listen(folder), {"", 64});
  std::atomic<bool> ended = false;
  const std::jthread serving([&] {
    server.run();
    ended = true;
  });
  const FileDescriptor fuzzed = control::connect_socket(folder);
  // What does not fit into the socket at once is left out: nobody may be reading yet.
  if (::send(fuzzed.get(), data, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || size == 0) {
    ::shutdown(fuzzed.get(), SHUT_WR);
    char answer[4096];
    while (::recv(fuzzed.get(), answer, sizeof answer, 0) > 0) continue;  // until the server has dropped it
  }
  control::Dealer dealer(control::open_folder(folder), control::kRequestSocket);
  dealer.send({reinterpret_cast<const char*>(data), size});  // which may be how to end a lab
  control::wire::Request end;
  end.mutable_down();
  end.set_protocol(control::kProtocol);
  dealer.send(end.SerializeAsString());
  // Its messages go with a dealer.
  for (pollfd answered{dealer.fd(), POLLIN, 0}; !ended; ::poll(&answered, 1, 1 /* ms */)) {
    while (dealer.receive()) continue;
  }
  return 0;
}
