#include "ps/server/reception.h"

#include <algorithm>

#include "ps/config/error.h"

namespace geomx::ps {

void Reception::greet(Guest guest) {
  if (!plane_.of_parties) {
    const bool trains = guest.greeting.workers_size() > 0;
    if (trains && !plane_.trains) {
      throw Error(guest.name +
                  " has a data slice, but the central party does not train (--data-slice-idx; "
                  "DMLC_ENABLE_CENTRAL_WORKER is 0 at the global server)");
    }
    if (!trains && plane_.trains) {
      throw Error(guest.name +
                  " has no data slice, but every worker of its party trains (--data-slice-idx; in the central party: "
                  "DMLC_ENABLE_CENTRAL_WORKER at the global server)");
    }
  }
  if (!guests_.insert_or_assign(guest.asker.from, guest).second || guest.greeting.again()) {
    returned_.insert(guest.asker.from);
  }
  std::erase_if(waiting_, [&](const Guest& other) { return other.asker.from == guest.asker.from; });
  waiting_.push_back(std::move(guest));
}

bool Reception::complete() const {
  for (std::size_t rank = 0; rank < plane_.workers; ++rank) {
    if (is_awaited({Role::worker, static_cast<std::uint32_t>(rank)})) return false;
  }
  return true;
}

std::vector<proto::Trainee> Reception::trainees() const {
  std::vector<proto::Trainee> trainees;
  for (const auto& [who, guest] : guests_) {
    for (proto::Trainee trainee : guest.greeting.workers()) {
      if (!plane_.of_parties) trainee.set_name(guest.name);
      trainees.push_back(std::move(trainee));
    }
  }
  return trainees;
}

std::size_t Reception::parties() const {
  std::set<std::uint64_t> parties;
  for (const auto& [who, guest] : guests_) parties.insert(guest.greeting.party());
  return parties.size();
}

std::uint64_t Reception::slice_of(NodeId who) const {
  const auto guest = guests_.find(who);
  if (guest == guests_.end() || guest->second.greeting.workers_size() == 0) throw Error("only who trains has a state");
  return guest->second.greeting.workers(0).slice();
}

void Reception::depart(NodeId who, const std::string& name) {
  if (who.role != Role::worker) return;
  departed_.insert(who);
  lost_.erase(who);
  if (plane_.trains) gone_.emplace(contributor(who), name);
}

std::string Reception::missing(const std::vector<Asker>& arrived) const {
  for (const auto& gone : gone_) {
    const bool there = std::any_of(arrived.begin(), arrived.end(), [&](const Asker& asker) {
      return (asker.local ? Contributor{true, 0} : contributor(asker.from)) == gone.first;
    });
    if (!there) return gone.second;
  }
  return {};
}

std::vector<std::string> Reception::awaited(const std::set<NodeId>& there) const {
  std::set<Contributor> come;
  for (const NodeId who : there) come.insert(contributor(who));
  std::vector<std::string> names;
  for (const auto& [who, guest] : guests_) {
    if (departed_.contains(who) || come.contains(contributor(who))) continue;
    names.push_back(guest.name + (lost_.contains(who) ? " (lost)" : ""));
  }
  return names;
}

Reception::Contributor Reception::contributor(NodeId who) const {
  const auto guest = guests_.find(who);
  if (plane_.of_parties && guest != guests_.end()) return {false, guest->second.greeting.party()};
  return {false, who.rank};
}

}  // namespace geomx::ps
