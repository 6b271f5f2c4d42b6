#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "ps/config/flow_config.h"
#include "ps/config/log.h"
#include "ps/flow/losses.h"
#include "ps/membership/member.h"

namespace geomx::ps {

// The road of data messages between a Member and those who speak through it (KvWorker, KvServer): in which order they
// leave, and by which channel. What the one end's carrier does to a message, the other end's undoes; so both have the
// same FlowConfig.
//
// Threading: any thread may call send(); receive() is for the member's receive thread; `deliver` is called on the
// receive thread or on a thread of the carrier's. Errors: those of Member::send.
class Carrier {
 public:
  using Deliver = std::function<void(NodeId from, const Message& message)>;

  virtual ~Carrier() = default;
  // `priority`: of the tensor whose piece the frames are, its key; the smaller leaves first where it makes a
  // difference.
  virtual void send(NodeId to, Message message, std::uint32_t priority) = 0;
  // A data message has come in.
  virtual void receive(NodeId from, const Message& message) = 0;
  // The peer has left: what waits for it is dropped.
  virtual void forget(NodeId peer) = 0;
  // No call of `deliver` begins after it, from a thread of the carrier's; it waits for those that run.
  virtual void close() {}
};

struct CarrierOptions {
  FlowConfig flow{};
  Log log{};
  // Of a party server, whose two carriers share them: what its workers tell in their pushes, and what DGT makes of it.
  std::shared_ptr<Losses> losses{};
};

// The carrier that the configuration asks for in this member's place. `member` outlives it. Throws Error where sockets
// cannot be opened.
std::unique_ptr<Carrier> make_carrier(Member& member, const CarrierOptions& options, Carrier::Deliver deliver);

}  // namespace geomx::ps
