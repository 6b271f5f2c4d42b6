#include "ps/membership/barriers.h"

#include <algorithm>

namespace geomx::ps {

std::vector<NodeId> Barriers::awaited(const Barrier& barrier) const {
  std::vector<NodeId> awaited;
  const auto come = open_.find(barrier);
  for (const NodeId& member : members_) {
    if (includes(barrier.group, member) && (come == open_.end() || !come->second.contains(member)))
      awaited.push_back(member);
  }
  return awaited;
}

std::vector<Barriers::Release> Barriers::arrive(NodeId who, const Barrier& barrier) {
  std::uint64_t& released = released_[{barrier.name, barrier.group}];
  if (barrier.generation <= released) return {{barrier, {who}}};
  open_[barrier].insert(who);
  if (!awaited(barrier).empty()) return {};
  released = barrier.generation;
  const auto come = open_.extract(barrier);
  return {{barrier, {come.mapped().begin(), come.mapped().end()}}};
}

void Barriers::set_released(const Barrier& barrier) {
  std::uint64_t& released = released_[{barrier.name, barrier.group}];
  released = std::max(released, barrier.generation);
}

std::vector<Barriers::Release> Barriers::depart(NodeId who) {
  members_.erase(who);
  std::vector<Release> releases;
  for (auto& [barrier, come] : open_) {
    come.erase(who);
    if (!awaited(barrier).empty()) continue;
    released_[{barrier.name, barrier.group}] = barrier.generation;
    releases.push_back({barrier, {come.begin(), come.end()}});
  }
  for (const Release& release : releases) open_.erase(release.barrier);
  return releases;
}

}  // namespace geomx::ps
