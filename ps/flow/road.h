#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "ps/flow/outbox.h"
#include "ps/membership/member.h"

namespace geomx::ps {

// The reliable road from a node to its peers: messages leave at once, in the order in which they were sent, or, once
// priorities are used, the most urgent first (outbox.h). Then what has arrived is acknowledged by the other end's road.
//
// Threading: any thread. No thread of its own: a message leaves in send(), or when an acknowledgement makes room for
// it. Errors: those of Member::send.
class Road {
 public:
  explicit Road(Member& member) : member_(member) {}  // which outlives it

  // From now on, before the first message with a priority; messages are about so long.
  void use_priorities(std::size_t slice_bytes) { slice_bytes_.store(slice_bytes); }

  void send_at_once(NodeId to, Message message) { member_.send(to, std::move(message)); }
  // `priority`: the smaller goes first.
  void send(NodeId to, Message message, std::uint32_t priority);
  // Takes out what still waits for a peer and is meant.
  std::vector<Message> withdraw(NodeId to, const std::function<bool(const Message&)>& meant);
  // The peer has left: what waits for it is dropped.
  void forget(NodeId peer);

  // A message has come in. False where it was about this road alone.
  bool receive(NodeId from, const Message& message);

 private:
  struct Peer {
    explicit Peer(std::size_t slice_bytes) : outbox(slice_bytes) {}
    std::mutex mutex;
    Outbox outbox;  // guarded by mutex
  };
  Peer& peer(NodeId id);
  void pump(NodeId to, Peer& peer);  // with the peer's mutex held: the order of taking is the order of sending

  Member& member_;
  std::atomic<std::size_t> slice_bytes_{0};  // 0: no priorities
  std::mutex mutex_;
  std::map<NodeId, Peer> peers_;  // guarded by mutex_; a peer's address stays
};

}  // namespace geomx::ps
