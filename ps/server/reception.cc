#include "ps/server/reception.h"

#include <algorithm>

#include "ps/config/error.h"

namespace geomx::ps {

void Reception::greet(Guest guest) {
  const Plane& plane = planes_[guest.asker.plane];
  if (!plane.of_parties) {
    const bool trains = guest.greeting.workers_size() > 0;
    if (trains && !plane.trains) {
      throw Error(guest.name +
                  " has a data slice, but the central party does not train (--data-slice-idx; "
                  "DMLC_ENABLE_CENTRAL_WORKER is 0 at the global server)");
    }
    if (!trains && plane.trains) {
      throw Error(guest.name +
                  " has no data slice, but every worker of its party trains (--data-slice-idx; in the central party: "
                  "DMLC_ENABLE_CENTRAL_WORKER at the global server)");
    }
  }
  const Place place{guest.asker.plane, guest.asker.from};
  if (!guests_.emplace(place, guest).second) throw Error(guest.name + " has greeted already");
  waiting_.push_back(std::move(guest));
}

bool Reception::complete() const {
  std::size_t expected = 0;
  for (const Plane& plane : planes_) expected += plane.workers;
  return guests_.size() == expected;
}

std::vector<proto::Trainee> Reception::trainees(std::size_t plane) const {
  std::vector<proto::Trainee> trainees;
  for (const auto& [place, guest] : guests_) {
    if (place.first != plane) continue;
    for (proto::Trainee trainee : guest.greeting.workers()) {
      if (!planes_[plane].of_parties) trainee.set_name(guest.name);
      trainees.push_back(std::move(trainee));
    }
  }
  return trainees;
}

void Reception::depart(std::size_t plane, NodeId who, const std::string& name) {
  if (who.role != Role::worker) return;
  departed_.emplace(plane, who);
  if (planes_[plane].trains) gone_.emplace(contributor({plane, who}), name);
}

bool Reception::all_have_left() const {
  for (std::size_t i = 0; i < planes_.size(); ++i) {
    const auto left = std::count_if(departed_.begin(), departed_.end(), [&](const Place& p) { return p.first == i; });
    if (static_cast<std::size_t>(left) < planes_[i].workers) return false;
  }
  return true;
}

std::string Reception::missing(const std::vector<Asker>& arrived) const {
  for (const auto& gone : gone_) {
    const bool there = std::any_of(arrived.begin(), arrived.end(), [&](const Asker& asker) {
      return contributor({asker.plane, asker.from}) == gone.first;
    });
    if (!there) return gone.second;
  }
  return {};
}

Reception::Contributor Reception::contributor(const Place& place) const {
  const auto guest = guests_.find(place);
  if (planes_[place.first].of_parties && guest != guests_.end()) {
    return {place.first, guest->second.greeting.party()};
  }
  return {place.first, place.second.rank};
}

}  // namespace geomx::ps
