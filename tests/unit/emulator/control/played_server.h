#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/control/channel.h"
#include "emulator/control/client.h"
#include "emulator/control/control.pb.h"
#include "emulator/control/lab_socket.h"
#include "emulator/control/protocol.h"
#include "emulator/control/zmq_router.h"

// A folder with a lab's request socket in it, and both ends of a connection to its descriptor socket.
namespace geomx::control {

class SocketFolder {
 public:
  SocketFolder() {
    std::string pattern = "/tmp/geomx-control-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw SystemError(pattern, "make folder", errno);
    path_ = pattern;
    requests_ = bind_socket(path_, kRequestSocket);
    check(::listen(requests_.get(), 64), "listen");
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "create socket pair");
    client_.reset(fds[0]);
    server_.reset(fds[1]);
  }
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;
  ~SocketFolder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  FileDescriptor take_requests() { return std::move(requests_); }
  FileDescriptor take_client_end() { return std::move(client_); }
  FileDescriptor take_server_end() { return std::move(server_); }

 private:
  std::string path_;
  FileDescriptor requests_;
  FileDescriptor client_;
  FileDescriptor server_;
};

// Waits for `receive` to have something, which `fds` announce.
template <typename Receive>
auto wait_for(const std::vector<int>& fds, Receive receive) -> decltype(receive()) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < deadline) {
    if (auto received = receive()) return received;
    std::vector<pollfd> entries;
    for (const int fd : fds) entries.push_back({fd, POLLIN, 0});
    ::poll(entries.data(), entries.size(), 100);
  }
  ADD_FAILURE() << "nothing came within 10 s";
  return {};
}

}  // namespace geomx::control
