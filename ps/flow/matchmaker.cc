#include "ps/flow/matchmaker.h"

#include <algorithm>
#include <cmath>

namespace geomx::ps {
namespace {

constexpr double kWeight = 0.5;      // of a new measurement
constexpr double kWorthWaiting = 2;  // so many times as fast

proto::Match match_for(const proto::Ask& ask) {
  proto::Match match;
  match.set_key(ask.key());
  match.set_offset(ask.offset());
  match.set_round(ask.round());
  return match;
}

}  // namespace

void Matchmaker::learn(NodeId from, const proto::Ask& ask) {
  known_.insert(from);
  for (const proto::Throughput& measured : ask.throughputs()) {
    if (!std::isfinite(measured.rate()) || measured.rate() <= 0) continue;
    const auto [rate, added] = rates_.try_emplace({from, NodeId::unpacked(measured.to())}, measured.rate());
    if (!added) rate->second += kWeight * (measured.rate() - rate->second);
    fastest_ = std::max(fastest_, rate->second);
  }
}

std::optional<double> Matchmaker::rate(NodeId from, NodeId to) const {
  const auto found = rates_.find({from, to});
  return found == rates_.end() ? std::nullopt : std::optional(found->second);
}

double Matchmaker::expected(NodeId from, NodeId to) const {
  return rate(from, to).value_or(fastest_);
}

Matchmaker::Pair Matchmaker::any_pair(const Open& open) {
  const std::size_t sender = random_() % open.ready.size();
  const std::size_t other = random_() % (open.ready.size() - 1);
  return {sender, other < sender ? other : other + 1};
}

Matchmaker::Pair Matchmaker::best_pair(const Open& open) const {
  Pair best;
  for (std::size_t sender = 0; sender < open.ready.size(); ++sender) {
    for (std::size_t receiver = 0; receiver < open.ready.size(); ++receiver) {
      if (sender == receiver) continue;
      const double rate = expected(open.ready[sender].node, open.ready[receiver].node);
      if (rate > best.rate) best = {sender, receiver, rate};
    }
  }
  return best;
}

bool Matchmaker::may_do_better(const Open& open, const Pair& pair) const {
  const NodeId sender = open.ready[pair.sender].node;
  return std::any_of(known_.begin(), known_.end(), [&](NodeId other) {
    const bool is_ready =
        std::any_of(open.ready.begin(), open.ready.end(), [&](const Ready& ready) { return ready.node == other; });
    if (is_ready || open.spent.contains(other)) return false;
    const auto measured = rate(sender, other);
    return measured && *measured > kWorthWaiting * pair.rate;
  });
}

std::optional<Matchmaker::Pair> Matchmaker::choose(const Open& open, double greed) {
  if (open.ready.size() < 2) return std::nullopt;
  const std::size_t in_play = open.needed - std::min<std::size_t>(open.spent.size(), open.needed);
  if (std::uniform_real_distribution<double>(0, 1)(random_) >= greed) return any_pair(open);
  const Pair best = best_pair(open);
  if (open.ready.size() < in_play && may_do_better(open, best)) return std::nullopt;
  return best;
}

bool Matchmaker::enter(Open& open, NodeId from, const proto::Ask& ask, Matches& matches) {
  const bool is_ready = std::ranges::any_of(open.ready, [&](const Ready& ready) { return ready.node == from; });
  if (is_ready) return false;
  const auto told = open.spent.find(from);
  if (ask.again() && told != open.spent.end()) matches.emplace_back(from, told->second);  // it has got lost
  if (ask.again() && (told != open.spent.end() || open.busy.contains(from))) return false;
  if (told != open.spent.end()) open.spent.erase(told);  // nobody has taken it
  open.busy.erase(from);
  open.ready.push_back({from, ask.host(), ask.port()});
  return true;
}

void Matchmaker::close(const ChunkInRound& place) {
  std::uint64_t& over = over_[{place.key, place.offset}];
  over = std::max(over, place.round);
  open_.erase(place);
}

void Matchmaker::lose(NodeId who) {
  away_.insert(who);
  while (!open_.empty()) close(open_.begin()->first);
}

Matchmaker::Matches Matchmaker::ask(NodeId from, const proto::Ask& ask) {
  learn(from, ask);
  away_.erase(from);
  Matches matches;
  const ChunkInRound place{ask.key(), ask.offset(), ask.round()};
  const auto found = open_.find(place);
  const std::uint32_t all = std::max<std::uint32_t>(ask.contributors(), 1);
  const auto away = static_cast<std::uint32_t>(std::min<std::size_t>(away_.size(), all - 1));
  const std::uint32_t needed = found != open_.end() ? found->second.needed : all - away;
  const auto over = over_.find({place.key, place.offset});
  if (ask.held() >= std::min(needed, all) || (over != over_.end() && place.round <= over->second)) {
    close(place);
    matches.emplace_back(from, match_for(ask)).second.set_server(true);
    return matches;
  }
  Open& open = found != open_.end() ? found->second : open_.emplace(place, Open{.needed = needed}).first->second;
  if (!enter(open, from, ask, matches)) return matches;
  while (const auto pair = choose(open, ask.greed())) {
    const NodeId sender = open.ready[pair->sender].node;
    const Ready receiver = open.ready[pair->receiver];
    proto::Match& match = matches.emplace_back(sender, match_for(ask)).second;
    match.set_to(receiver.node.packed());
    match.set_host(receiver.host);
    match.set_port(receiver.port);
    open.spent[sender] = match;
    open.busy.insert(receiver.node);
    std::erase_if(open.ready, [&](const Ready& ready) { return ready.node == sender || ready.node == receiver.node; });
  }
  return matches;
}

}  // namespace geomx::ps
