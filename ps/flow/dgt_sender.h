#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "ps/flow/blocks.h"
#include "ps/flow/carrier.h"
#include "ps/flow/contribution.h"
#include "ps/flow/datagram_road.h"
#include "ps/flow/losses.h"
#include "ps/flow/priority_carrier.h"

namespace geomx::ps {

// The sending end of differential gradient transmission, at a party server, around the carrier that it sends through: of a push of fp32
// values, the blocks that contribute most (contribution.h) go in the message itself, and the others
//   datagrams  in datagrams, those that contribute more in the channels that are less likely to be dropped;
//   deferred   in messages that leave only when nothing else waits. What has not left when the next push of the chunk
//              comes is added to that;
//   four_bits  in the same message, at four bits per value; what that takes away is added to the next push.
// All other messages pass unchanged, and so does every push before the peer has said where it takes datagrams.
class DgtSender : public Carrier {
 public:
  DgtSender(Member& member, const CarrierOptions& options, Deliver deliver);

  void send(NodeId to, Message message, std::uint32_t priority) override;
  void receive(NodeId from, const Message& message) override;
  void forget(NodeId peer) override;

 private:
  // What is known of one chunk of which pushes go to one peer.
  struct State {
    State(const Blocks& the_blocks, double alpha) : blocks(the_blocks), contribution(the_blocks, alpha) {}
    Blocks blocks;
    Contribution contribution;
    std::uint64_t turn = 0;
    std::vector<float> residual;  // four_bits: of what rounding took away
  };
  using Place = std::tuple<NodeId, std::uint32_t, std::uint64_t>;  // peer, key, offset

  bool splits(const Message& message) const;
  void split(NodeId to, Message message, std::uint32_t priority);
  void add_datagrams(NodeId to, State& state, const std::vector<std::size_t>& rest, const Buffer& gradient,
                     proto::Data& data);
  void add_four_bits(State& state, const std::vector<bool>& whole, std::span<const float> gradient, Message& message);
  void defer(NodeId to, const State& state, const std::vector<std::size_t>& rest, const Buffer& gradient,
             const proto::Slice& slice, std::uint32_t priority);
  Buffer with_what_has_not_left(NodeId to, const State& state, const proto::Slice& slice, Buffer gradient);
  void tell(const State& state, const proto::Slice& slice, double share, std::size_t reliable) const;

  Member& member_;
  const FlowConfig::Dgt config_;
  const Log log_;
  const std::shared_ptr<Losses> losses_;
  const std::unique_ptr<Carrier> inner_;
  PriorityCarrier* const queue_;  // inner_, where blocks are deferred

  std::mutex mutex_;
  // Guarded by mutex_:
  Share share_;
  std::map<Place, State> states_;
  std::set<NodeId> asked_;
  std::unique_ptr<DatagramRoad> road_;  // from the first push on
};

}  // namespace geomx::ps
