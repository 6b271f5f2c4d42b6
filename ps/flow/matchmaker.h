#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ps/flow/chunk_in_round.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// TSEngine's half in the scheduler (Zhou et al.: "TSEngine: Enable Efficient Communication Overlay in Distributed
// Machine Learning in WANs", 2021). Workers that have a gradient of a chunk ask whom to send it to. Two that are ready
// are matched: one sends, the other adds what comes to its own and asks again, until one has all of them and is told to
// send to the server. The links are those along which most bytes per second have been measured; with probability
// 1 - greed any two are matched, so that links that have become faster are found. A link that nobody has measured
// counts as the fastest. Whoever could have a partner twice as fast that is not ready waits for it; never for ever,
// because when all that are left are ready the best two are matched.
//
// Pure: no clock, no network; equal questions in equal order have equal answers. One thread at a time. Rates in
// bytes/s.
class Matchmaker {
 public:
  using Matches = std::vector<std::pair<NodeId, proto::Match>>;  // who is to hear of each

  explicit Matchmaker(std::uint64_t seed = 1) : random_(seed) {}

  Matches ask(NodeId from, const proto::Ask& ask);
  std::optional<double> rate(NodeId from, NodeId to) const;

 private:
  struct Ready {
    NodeId node;
    std::string host;
    std::uint32_t port = 0;
  };
  struct Open {
    std::vector<Ready> ready{};
    std::set<NodeId> spent{};  // have sent theirs
  };
  struct Pair {
    std::size_t sender = 0, receiver = 0;  // in `ready`
    double rate = 0;
  };

  void learn(NodeId from, const proto::Ask& ask);
  double expected(NodeId from, NodeId to) const;
  std::optional<Pair> choose(const Open& open, std::size_t in_play, double greed);
  Pair any_pair(const Open& open);
  Pair best_pair(const Open& open) const;
  bool may_do_better(const Open& open, const Pair& pair) const;

  std::mt19937_64 random_;
  std::map<std::pair<NodeId, NodeId>, double> rates_;
  double fastest_ = 1;
  std::set<NodeId> known_;
  std::map<ChunkInRound, Open> open_;
};

}  // namespace geomx::ps
