#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "ps/config/flow_config.h"
#include "ps/config/log.h"
#include "ps/flow/blocks.h"
#include "ps/flow/contribution.h"
#include "ps/flow/datagram_road.h"
#include "ps/flow/losses.h"
#include "ps/flow/road.h"

namespace geomx::ps {

// The sending end of differential gradient transmission (Zhou et al.: "DGT: A contribution-aware differential gradient
// transmission mechanism for distributed machine learning", 2021), at a party server: of a push of fp32 values, the
// blocks that contribute most (contribution.h) go in the message itself, and the others
//
//   datagrams  in datagrams, those that contribute more in the channels that are less likely to be dropped;
//   deferred   in messages that leave only when nothing else waits. What has not left when the next push of the chunk
//              comes is added to that;
//   four_bits  in the same message, at four bits per value; what that takes away is added to the next push.
//
// All other messages pass unchanged, and so do pushes of a single block, and every push before the peer has said where
// it takes datagrams. The memory of a push is shared with it until its datagrams have left.
//
// Threading: any thread. Errors: Error.
class DgtSender {
 public:
  static constexpr std::size_t kDeferredBytes = 65536;  // of one message, or one block

  // `member` and `road` outlive it.
  DgtSender(Member& member, Road& road, const FlowConfig::Dgt& config, std::shared_ptr<const Losses> losses, Log log);

  // Asks all servers, or one that is back, where they take datagrams.
  void ask();
  void ask(NodeId server);
  void send(NodeId to, Message message, std::uint32_t priority);
  // What a server says about DGT. Throws Error where it has another key.
  void receive(NodeId from, const Message& message);
  void forget(NodeId peer);
  void stop();

 private:
  // What is known of one chunk of which pushes go to one peer.
  struct State {
    State(const Blocks& the_blocks, double alpha) : blocks(the_blocks), contribution(the_blocks, alpha) {}
    Blocks blocks;
    Contribution contribution;
    std::uint64_t turn = 0;
    std::vector<float> residual{};  // four_bits: what rounding took away
  };
  using Place = std::tuple<NodeId, std::uint32_t, std::uint64_t>;  // peer, key, offset

  bool splits(NodeId to, const Message& message) const;
  void add_datagrams(NodeId to, State& state, const std::vector<std::size_t>& rest, const Buffer& gradient,
                     proto::Data& data);
  void add_four_bits(State& state, const std::vector<bool>& whole, std::span<const float> gradient, Message& message);
  void defer(NodeId to, const State& state, const std::vector<std::size_t>& rest, const Buffer& gradient,
             const proto::Slice& slice, std::uint32_t priority);
  // The gradient, and what earlier ones have left behind.
  Buffer with_what_was_left(NodeId to, const State& state, const proto::Slice& slice, const Buffer& gradient);
  void tell(const State& state, const proto::Slice& slice, double share, std::size_t reliable) const;

  Member& member_;
  Road& road_;
  const FlowConfig::Dgt config_;
  const std::shared_ptr<const Losses> losses_;
  const Log log_;
  std::unique_ptr<DatagramRoad> datagrams_;  // where the mode has them

  std::mutex mutex_;
  // Guarded by mutex_:
  Share share_;
  std::map<Place, State> states_;
};

}  // namespace geomx::ps
