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
// Faults. Whoever is lost is not waited for by the rounds of a chunk that are asked for from then on; of those that are
// under way, all send what they have to the server by themselves, which adds up (TsNode). So they do where one has
// waited for longer than it takes to lose a node: somebody may pass the round over, or be slow. So do those who ask for
// a round that is over here, because they, or their server, were started again. A question may be asked again, by one
// who has had no answer, and a scheduler that begins anew may be asked in the middle of a round: sums tell what is in
// them.
//
// Pure: no clock, no network; equal questions in equal order have equal answers. One thread at a time. Rates in
// bytes/s.
class Matchmaker {
 public:
  using Matches = std::vector<std::pair<NodeId, proto::Match>>;  // who is to hear of each

  explicit Matchmaker(std::uint64_t seed = 1) : random_(seed) {}

  Matches ask(NodeId from, const proto::Ask& ask);
  void lose(NodeId who);
  std::optional<double> rate(NodeId from, NodeId to) const;

 private:
  struct Ready {
    NodeId node;
    std::string host;
    std::uint32_t port = 0;
  };
  struct Open {
    std::uint32_t needed = 0;  // contributors
    std::vector<Ready> ready{};
    std::set<NodeId> busy{};                 // are being sent to
    std::map<NodeId, proto::Match> spent{};  // have been told to send theirs
  };
  using Chunk = std::pair<std::uint32_t, std::uint64_t>;  // key, offset
  struct Pair {
    std::size_t sender = 0, receiver = 0;  // in `ready`
    double rate = 0;
  };

  // Whether it is one more who is ready.
  static bool enter(Open& open, NodeId from, const proto::Ask& ask, Matches& matches);
  void close(const ChunkInRound& place);
  void learn(NodeId from, const proto::Ask& ask);
  double expected(NodeId from, NodeId to) const;
  std::optional<Pair> choose(const Open& open, double greed);
  Pair any_pair(const Open& open);
  Pair best_pair(const Open& open) const;
  bool may_do_better(const Open& open, const Pair& pair) const;

  std::mt19937_64 random_;
  std::map<std::pair<NodeId, NodeId>, double> rates_;
  double fastest_ = 1;
  std::set<NodeId> known_;
  std::map<ChunkInRound, Open> open_;
  std::map<Chunk, std::uint64_t> over_;  // the last round in which nobody is matched any more
  std::set<NodeId> away_;                // lost, and not heard of since
};

}  // namespace geomx::ps
