#include "ps/flow/priority_carrier.h"

#include <utility>

namespace geomx::ps {

PriorityCarrier::PriorityCarrier(Member& member, const FlowConfig::Priority& config, Deliver deliver)
    : member_(member), slice_bytes_(config.slice * sizeof(float)), deliver_(std::move(deliver)) {}

PriorityCarrier::Peer& PriorityCarrier::peer(NodeId id) {
  const std::lock_guard lock(mutex_);
  return peers_.try_emplace(id, slice_bytes_).first->second;
}

void PriorityCarrier::pump(NodeId to, Peer& peer) {
  while (auto message = peer.outbox.take(Outbox::Clock::now())) member_.send(to, std::move(*message));
}

void PriorityCarrier::send(NodeId to, Message message, std::uint32_t priority) {
  if (message.frames.empty()) return member_.send(to, std::move(message));
  Peer& receiver = peer(to);
  const std::lock_guard lock(receiver.mutex);
  receiver.outbox.put(priority, std::move(message));
  pump(to, receiver);
}

void PriorityCarrier::receive(NodeId from, const Message& message) {
  const proto::Data& data = message.header.data();
  if (data.operation() == proto::ACKNOWLEDGE) {
    Peer& receiver = peer(from);
    const std::lock_guard lock(receiver.mutex);
    receiver.outbox.acknowledged(data.number(), Outbox::Clock::now());
    return pump(from, receiver);
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

std::vector<Message> PriorityCarrier::withdraw(NodeId to, const std::function<bool(const Message&)>& meant) {
  Peer& receiver = peer(to);
  const std::lock_guard lock(receiver.mutex);
  return receiver.outbox.withdraw(meant);
}

void PriorityCarrier::forget(NodeId id) {
  Peer& gone = peer(id);
  const std::lock_guard lock(gone.mutex);
  gone.outbox.clear();
}

}  // namespace geomx::ps
