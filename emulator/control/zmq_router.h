#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/fd.h"
#include "emulator/control/keys.h"

namespace geomx::control {

// The server's end of the ZeroMQ road: every client, by its own number. Never waits, but for the descriptor tricks that
// ZeroMQ needs: its sockets are made elsewhere and handed over, bound and listening, so that it does not matter in
// which network namespace this process lives by then. Move-only, one thread; two threads of ZeroMQ's own go with it.
// All throw SystemError ("control socket").
class Router {
 public:
  // A Unix socket: who may connect is the business of its folder's mode.
  explicit Router(const FileDescriptor& listener);
  // A TCP socket too, for owners of the client's key; see counts of those who are not below.
  void listen_tcp(const FileDescriptor& listener, const LabKeys& keys);
  Router(Router&&) noexcept;
  ~Router();  // waits for what has been sent to leave, a fifth of a second at most

  struct Received {
    std::string client;
    std::string message;
    bool whole = false;  // false: it came in several parts, and is not ours
  };
  // The next message that is there. Does what the connections need, too; so when it returns none, descriptors() say
  // when to call it again.
  std::optional<Received> receive();
  // False: that client has gone. What a living one does not read is kept: the caller bounds it.
  bool send(const std::string& client, const std::string& message);
  std::vector<int> descriptors() const;
  // Whether something came meanwhile: sending can take a descriptor's readiness away. To be asked before sleeping.
  bool ready();

  std::uint64_t refused() const;        // connections over TCP without the right keys
  std::string tcp_address() const;      // tcp://HOST:PORT; empty: none
  std::optional<std::string> notice();  // a line for the log, about such a connection, each once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::control
