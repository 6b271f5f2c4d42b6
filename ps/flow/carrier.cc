#include "ps/flow/carrier.h"

#include <utility>

#include "ps/flow/priority_carrier.h"

namespace geomx::ps {
namespace {

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

}  // namespace

std::unique_ptr<Carrier> make_carrier(Member& member, const FlowConfig& flow, Carrier::Deliver deliver) {
  if (flow.p3.enabled) return std::make_unique<PriorityCarrier>(member, flow.p3, std::move(deliver));
  return std::make_unique<PlainCarrier>(member, std::move(deliver));
}

}  // namespace geomx::ps
