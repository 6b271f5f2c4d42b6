#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ps/transport/message.h"

namespace geomx::ps {

struct Endpoint {
  std::string host;  // IPv4
  int port = 0;      // 0 in bind: any free one
  bool operator==(const Endpoint&) const = default;
};
std::string to_string(const Endpoint& endpoint);  // "10.1.0.2:9092"

// The seam between the parameter server and the network: whole messages between members of one plane. Order is kept
// between a pair of nodes; delivery is not promised when a node or link dies (membership finds out). Queues have no
// limit of their own: the protocol bounds them, since every push waits for its answer.
//
// Threading: send() and reply() may be called from any thread; receive() from one thread at a time; stop() from any
// thread, and wakes receive(). Errors: Error (ps/config/error.h) naming the endpoint and the attempt.
class Transport {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~Transport() = default;

  // Listens; returns the endpoint with the port filled in. Error where the port is taken ("port 9092 is in use").
  virtual Endpoint bind(const Endpoint& wanted) = 0;
  // From now on, send(peer, ...) goes to that endpoint. Returns at once; connecting is retried in the background.
  virtual void connect(NodeId peer, const Endpoint& endpoint) = 0;
  // A node that connected to us and registered: what is sent to `peer` now goes by `route` (Received::route).
  virtual void adopt(NodeId peer, const std::string& route) = 0;
  // The peer has gone: what is queued for it is dropped, and so is what is sent to it from now on.
  virtual void disconnect(NodeId peer) = 0;
  // Queues a message and returns; frames are released when they have been handed to the kernel. Error where the peer
  // was never connected or adopted; nothing after stop().
  virtual void send(NodeId peer, Message message) = 0;
  virtual void reply(const std::string& route, Message message) = 0;

  struct Received {
    Message message;
    std::string route;  // where it came from, opaque
    // To be kept while the message is handled: a sender in this process whose frames are not owned waits for it before
    // it stops.
    std::shared_ptr<const void> loan{};
  };
  // The next message; nullopt at the deadline or after stop(). A malformed message is counted and dropped.
  virtual std::optional<Received> receive(Clock::time_point deadline) = 0;
  // Hands what was queued to the kernel, within a bounded time (`at_most`, where it is given), and closes. May be
  // called again.
  virtual void stop(std::optional<std::chrono::milliseconds> at_most) = 0;
  void stop() { stop(std::nullopt); }

  // A second, unbound transport over the same medium: for heartbeats, which must not queue behind tensors.
  virtual std::unique_ptr<Transport> sibling() const = 0;

  struct Counters {
    std::uint64_t messages_sent = 0;
    std::uint64_t bytes_sent = 0;  // headers and frames
    std::uint64_t messages_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t rejected = 0;  // malformed
  };
  virtual Counters counters() const = 0;
};

}  // namespace geomx::ps
