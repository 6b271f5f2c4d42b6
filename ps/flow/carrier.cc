#include "ps/flow/carrier.h"

#include <utility>

#include "ps/config/error.h"
#include "ps/flow/dgt_receiver.h"
#include "ps/flow/dgt_sender.h"
#include "ps/flow/ts_node.h"

namespace geomx::ps {
namespace {

using Mode = FlowConfig::Dgt::Mode;

bool holds_tensor(const Message& message) {
  return !message.frames.empty() && message.header.data().slices_size() > 0;
}

}  // namespace

Carrier::Carrier(Member& member, Deliver deliver) : member_(member), deliver_(std::move(deliver)), road_(member) {}

Carrier::~Carrier() = default;

void Carrier::use(const FlowConfig& flow, const Helpers& helpers) {
  if (flow.p3.enabled) road_.use_priorities(flow.p3.slice * sizeof(float));
  const PlaneConfig& plane = member_.plane();
  if ((plane.global ? flow.ts.inter : flow.ts.intra) && plane.role == PlaneRole::worker) {
    node_ = std::make_unique<TsNode>(member_, flow.ts, helpers.contributors, deliver_);
    ready_node_.store(node_.get());
  }
  if (flow.dgt.mode == Mode::off || !plane.global) return;
  if (plane.role == PlaneRole::worker) {
    if (flow.dgt.mode == Mode::deferred && !flow.p3.enabled) road_.use_priorities(DgtSender::kDeferredBytes);
    sender_ = std::make_unique<DgtSender>(member_, road_, flow.dgt, helpers.losses, helpers.log);
    ready_sender_.store(sender_.get());
    sender_->ask();
  } else {
    receiver_ = std::make_unique<DgtReceiver>(member_, flow.dgt, deliver_, helpers.log);
    ready_receiver_.store(receiver_.get());
  }
}

void Carrier::send(NodeId to, Message message) {
  if (!holds_tensor(message)) return road_.send_at_once(to, std::move(message));
  if (TsNode* const node = ready_node_.load(); node != nullptr && TsNode::takes(message)) {
    return node->send(to, std::move(message));
  }
  const std::uint32_t layer = message.header.data().slices(0).key();
  if (DgtSender* const sender = ready_sender_.load()) return sender->send(to, std::move(message), layer);
  road_.send(to, std::move(message), layer);
}

void Carrier::receive(NodeId from, const Message& message) {
  if (!road_.receive(from, message)) return;
  const proto::Data& data = message.header.data();
  const bool about_dgt = data.operation() == proto::DGT;
  if (about_dgt || data.dgt().has_blocks()) {
    if (DgtReceiver* const receiver = ready_receiver_.load()) return receiver->receive(from, message);
    DgtSender* const sender = ready_sender_.load();
    if (about_dgt && sender != nullptr) return sender->receive(from, message);
  }
  if (TsNode* const node = ready_node_.load()) node->pass_on(message);
  deliver_(from, message);
}

void Carrier::take_match(const proto::Match& match) {
  if (TsNode* const node = ready_node_.load()) node->take_match(match);
}

void Carrier::forget(NodeId peer) {
  if (DgtSender* const sender = ready_sender_.load()) sender->forget(peer);
  if (DgtReceiver* const receiver = ready_receiver_.load()) receiver->forget(peer);
  if (TsNode* const node = ready_node_.load()) node->lose(peer);
  road_.forget(peer);
}

void Carrier::remember(NodeId peer) {
  if (DgtSender* const sender = ready_sender_.load()) sender->ask(peer);
}

void Carrier::stop() {
  if (DgtSender* const sender = ready_sender_.load()) sender->stop();
  if (DgtReceiver* const receiver = ready_receiver_.load()) receiver->stop();
  if (TsNode* const node = ready_node_.load()) node->stop();
}

}  // namespace geomx::ps
