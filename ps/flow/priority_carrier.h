#pragma once

#include <map>
#include <mutex>

#include "ps/flow/carrier.h"
#include "ps/flow/outbox.h"

namespace geomx::ps {

// Priority propagation (Jayarajan et al.: "Priority-based Parameter Propagation for Distributed DNN Training", 2019):
// messages that hold a piece of a tensor leave in the order of their layers, those of the layer next to the input
// first, because the next forward pass needs them first. Both ends do it, gradients on their way up and new values on
// their way down. What has left is acknowledged by the other end's carrier, so that only as much is on its way to a
// peer as keeps the road full (window.h) and the rest can still be overtaken. All other messages leave at once.
//
// No thread of its own: a message leaves in send(), or when an acknowledgement makes room for it.
class PriorityCarrier : public Carrier {
 public:
  PriorityCarrier(Member& member, const FlowConfig::Priority& config, Deliver deliver);
  void send(NodeId to, Message message, std::uint32_t priority) override;
  void receive(NodeId from, const Message& message) override;
  void forget(NodeId peer) override;
  // Takes back what has not left yet and is meant.
  std::vector<Message> withdraw(NodeId to, const std::function<bool(const Message&)>& meant);

 private:
  struct Peer {
    explicit Peer(std::size_t slice_bytes) : outbox(slice_bytes) {}
    std::mutex mutex;
    Outbox outbox;  // guarded by mutex
  };
  Peer& peer(NodeId id);
  void pump(NodeId to, Peer& peer);  // with the peer's mutex held: the order of taking is the order of sending

  Member& member_;
  const std::size_t slice_bytes_;
  const Deliver deliver_;
  std::mutex mutex_;
  std::map<NodeId, Peer> peers_;  // guarded by mutex_; a peer's address stays
};

}  // namespace geomx::ps
