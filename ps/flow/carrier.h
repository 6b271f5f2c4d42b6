#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "ps/config/flow_config.h"
#include "ps/config/log.h"
#include "ps/flow/losses.h"
#include "ps/flow/road.h"
#include "ps/membership/member.h"

namespace geomx::ps {

class DgtReceiver;
class DgtSender;
class TsNode;

// The way of data messages between a Member and whoever speaks through it (KvWorker, KvServer): in which order they
// leave, and by which road. As long as nothing else is asked for, they leave at once, in the order in which they were
// sent.
//
// Priority propagation (Jayarajan et al.: "Priority-based Parameter Propagation for Distributed DNN Training", 2019):
// messages that hold a piece of a tensor leave in the order of their layers, those of the layer next to the input
// first, because the next forward pass needs them first. Both ends do it, gradients on their way up and new values on
// their way down. What has arrived is acknowledged by the other end's carrier, so that only as much is on its way to a
// peer as keeps the road full (window.h) and the rest can still be overtaken. Messages without a tensor leave at once.
//
// Differential gradient transmission divides pushes between parties (dgt_sender.h, dgt_receiver.h). TSEngine sums
// pushes and passes answers on among the workers of a plane (ts_node.h).
//
// Threading: any thread may call send(); receive() is for the member's receive thread. `deliver` is called on it, and,
// with DGT by datagrams and with TSEngine, on a thread that stop() joins. Errors: those of Member::send.
class Carrier {
 public:
  using Deliver = std::function<void(NodeId from, const Message& message)>;
  struct Helpers {
    Log log{};
    std::shared_ptr<const Losses> losses{};  // of the party, where DGT adapts to them
    std::uint32_t contributors = 0;          // how many pushes a round of a chunk is made of, for TSEngine
  };

  // `member` outlives it.
  Carrier(Member& member, Deliver deliver);
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;
  // Once, when it is known what the job asks for, before the first tensor. Throws Error.
  void use(const FlowConfig& flow, const Helpers& helpers);

  // Like Member::send. A tensor's layer is its key, which counts from the input on.
  void send(NodeId to, Message message);
  // A data message has come in.
  void receive(NodeId from, const Message& message);
  // The scheduler's matchmaker has answered.
  void take_match(const proto::Match& match);
  // The peer has left, or is lost: what waits for it is dropped.
  void forget(NodeId peer);
  // One that was lost is back, as the same process or as another one.
  void remember(NodeId peer);
  // Ends its threads: nothing is delivered by them after this. What waits to be sent is dropped.
  void stop();

 private:
  Member& member_;
  const Deliver deliver_;
  Road road_;
  std::unique_ptr<DgtSender> sender_;
  std::unique_ptr<DgtReceiver> receiver_;
  std::unique_ptr<TsNode> node_;
  // The same, once they are ready for other threads.
  std::atomic<DgtSender*> ready_sender_{nullptr};
  std::atomic<DgtReceiver*> ready_receiver_{nullptr};
  std::atomic<TsNode*> ready_node_{nullptr};
};

}  // namespace geomx::ps
