#pragma once

#include <utility>

#include "ps/flow/carrier.h"

namespace geomx::ps {

// Nothing in between.
class PlainCarrier : public Carrier {
 public:
  PlainCarrier(Member& member, Deliver deliver) : member_(member), deliver_(std::move(deliver)) {}
  void send(NodeId to, Message message, std::uint32_t) override { member_.send(to, std::move(message)); }
  void receive(NodeId from, const Message& message) override { deliver_(from, message); }
  void forget(NodeId) override {}

 private:
  Member& member_;
  const Deliver deliver_;
};

}  // namespace geomx::ps
