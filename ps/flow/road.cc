#include "ps/flow/road.h"

#include <utility>

namespace geomx::ps {

Road::Peer& Road::peer(NodeId id) {
  const std::lock_guard lock(mutex_);
  return peers_.try_emplace(id, slice_bytes_.load()).first->second;
}

void Road::pump(NodeId to, Peer& peer) {
  while (auto message = peer.outbox.take(Outbox::Clock::now())) member_.send(to, std::move(*message));
}

void Road::send(NodeId to, Message message, std::uint32_t priority) {
  if (slice_bytes_.load() == 0) return member_.send(to, std::move(message));
  Peer& receiver = peer(to);
  const std::lock_guard lock(receiver.mutex);
  receiver.outbox.put(priority, std::move(message));
  pump(to, receiver);
}

std::vector<Message> Road::withdraw(NodeId to, const std::function<bool(const Message&)>& meant) {
  if (slice_bytes_.load() == 0) return {};
  Peer& receiver = peer(to);
  const std::lock_guard lock(receiver.mutex);
  return receiver.outbox.withdraw(meant);
}

void Road::forget(NodeId id) {
  if (slice_bytes_.load() == 0) return;
  Peer& gone = peer(id);
  const std::lock_guard lock(gone.mutex);
  gone.outbox.clear();
}

bool Road::receive(NodeId from, const Message& message) {
  const proto::Data& data = message.header.data();
  if (data.operation() == proto::ACKNOWLEDGE) {
    if (slice_bytes_.load() == 0) return false;  // of nothing that was sent
    Peer& sender = peer(from);
    const std::lock_guard lock(sender.mutex);
    sender.outbox.acknowledged(data.number(), Outbox::Clock::now());
    pump(from, sender);
    return false;
  }
  if (data.number() != 0) {
    Message acknowledgement;
    proto::Data& answer = *acknowledgement.header.mutable_data();
    answer.set_operation(proto::ACKNOWLEDGE);
    answer.set_number(data.number());
    member_.send(from, std::move(acknowledgement));
  }
  return true;
}

}  // namespace geomx::ps
