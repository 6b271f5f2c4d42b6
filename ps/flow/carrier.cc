#include "ps/flow/carrier.h"

#include <utility>

namespace geomx::ps {

Carrier::Carrier(Member& member, Deliver deliver) : member_(member), deliver_(std::move(deliver)) {}

void Carrier::use(const FlowConfig& flow) {
  slice_bytes_.store(flow.p3.enabled ? flow.p3.slice * sizeof(float) : 0);
}

Carrier::Peer& Carrier::peer(NodeId id) {
  const std::lock_guard lock(mutex_);
  return peers_.try_emplace(id, slice_bytes_.load()).first->second;
}

void Carrier::pump(NodeId to, Peer& peer) {
  while (auto message = peer.outbox.take(Outbox::Clock::now())) member_.send(to, std::move(*message));
}

void Carrier::send(NodeId to, Message message) {
  const proto::Data& data = message.header.data();
  if (slice_bytes_.load() == 0 || message.frames.empty() || data.slices_size() == 0) {
    return member_.send(to, std::move(message));
  }
  const std::uint32_t layer = data.slices(0).key();
  Peer& receiver = peer(to);
  const std::lock_guard lock(receiver.mutex);
  receiver.outbox.put(layer, std::move(message));
  pump(to, receiver);
}

void Carrier::receive(NodeId from, const Message& message) {
  const proto::Data& data = message.header.data();
  if (data.operation() == proto::ACKNOWLEDGE) {
    if (slice_bytes_.load() == 0) return;  // of nothing that was sent
    Peer& sender = peer(from);
    const std::lock_guard lock(sender.mutex);
    sender.outbox.acknowledged(data.number(), Outbox::Clock::now());
    return pump(from, sender);
  }
  if (data.number() != 0) {
    Message acknowledgement;
    proto::Data& answer = *acknowledgement.header.mutable_data();
    answer.set_operation(proto::ACKNOWLEDGE);
    answer.set_number(data.number());
    member_.send(from, std::move(acknowledgement));
  }
  deliver_(from, message);
}

void Carrier::forget(NodeId id) {
  if (slice_bytes_.load() == 0) return;
  Peer& gone = peer(id);
  const std::lock_guard lock(gone.mutex);
  gone.outbox.clear();
}

}  // namespace geomx::ps
