#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "ps/transport/message.h"
#include "ps/transport/zmq_socket.h"

namespace geomx::ps::zeromq {

// A socket that several threads use: each call holds a mutex, only while a message is handed over.
//
// The receiving thread polls descriptor() and then receives until nothing is left: ZeroMQ's descriptor tells of
// changes, not of what lies there. Sending can take the note of such a change, and then leaves one of its own:
// take_note(), for which the receiving thread has to be woken (Sent::readable).
class Channel {
 public:
  // `route` names the connection to the receiver; empty on the listener, whose routes are its peers' identities.
  Channel(Socket socket, std::string route);

  int descriptor() const { return descriptor_; }
  const std::string& route() const { return route_; }

  struct Sent {
    std::size_t bytes = 0;  // 0: it went nowhere: the channel is closed, or the peer's connection has gone
    bool readable = false;  // the receiving thread has to be woken
  };
  bool take_note() { return readable_.exchange(false); }

  // `identity` is the peer's on the listener, else empty.
  Sent send(const std::string& identity, const Message& message);

  struct Parts {
    std::string route;
    std::shared_ptr<Part> head;  // none where the message is not whole
    std::vector<Buffer> frames;  // aligned to Buffer::kAlignment
  };
  bool receive(Parts& parts);  // false: nothing is there

  // Closes at once; ZeroMQ goes on sending what is queued for the linger.
  void close(std::optional<std::chrono::milliseconds> linger = {});

 private:
  const int descriptor_;
  const std::string route_;
  std::mutex mutex_;
  std::optional<Socket> socket_;  // none once it is closed
  std::atomic<bool> readable_{false};
};

}  // namespace geomx::ps::zeromq
