#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

#include "ps/config/flow_config.h"
#include "ps/flow/outbox.h"
#include "ps/membership/member.h"

namespace geomx::ps {

// The road of data messages between a Member and whoever speaks through it (KvWorker, KvServer): in which order they
// leave. As long as nothing else is asked for, they leave at once, in the order in which they were sent.
//
// Priority propagation (Jayarajan et al.: "Priority-based Parameter Propagation for Distributed DNN Training", 2019):
// messages that hold a piece of a tensor leave in the order of their layers, those of the layer next to the input
// first, because the next forward pass needs them first. Both ends do it, gradients on their way up and new values on
// their way down. What has arrived is acknowledged by the other end's carrier, so that only as much is on its way to a
// peer as keeps the road full (window.h) and the rest can still be overtaken. Messages without a tensor leave at once.
//
// Threading: any thread may call send(); receive() is for the member's receive thread, and calls `deliver` on it. No
// thread of its own: a message leaves in send(), or when an acknowledgement makes room for it, so that nothing is left
// to be ended at shutdown; what waits then is dropped. Errors: those of Member::send.
class Carrier {
 public:
  using Deliver = std::function<void(NodeId from, const Message& message)>;

  // `member` outlives it.
  Carrier(Member& member, Deliver deliver);
  // Once it is known what the job asks for, before the first tensor.
  void use(const FlowConfig& flow);

  // Like Member::send. A tensor's layer is its key, which counts from the input on.
  void send(NodeId to, Message message);
  // A data message has come in.
  void receive(NodeId from, const Message& message);
  // The peer has left: what waits for it is dropped.
  void forget(NodeId peer);

 private:
  struct Peer {
    explicit Peer(std::size_t slice_bytes) : outbox(slice_bytes) {}
    std::mutex mutex;
    Outbox outbox;  // guarded by mutex
  };
  Peer& peer(NodeId id);
  void pump(NodeId to, Peer& peer);  // with the peer's mutex held: the order of taking is the order of sending

  Member& member_;
  const Deliver deliver_;
  std::atomic<std::size_t> slice_bytes_{0};  // 0: no priorities
  std::mutex mutex_;
  std::map<NodeId, Peer> peers_;  // guarded by mutex_; a peer's address stays
};

}  // namespace geomx::ps
