#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ps/server/entry.h"

namespace geomx::ps {

// Who a server's workers are: what they said when they greeted it, and who has left since. Pure bookkeeping, which the
// server guards.
class Reception {
 public:
  struct Plane {
    std::size_t workers = 0;
    bool trains = true;       // all of its workers do; else none
    bool of_parties = false;  // its workers are party servers
  };
  struct Guest {
    Asker asker;
    std::string name;  // for messages to people
    proto::Greeting greeting;
  };

  explicit Reception(std::vector<Plane> planes) : planes_(std::move(planes)) {}

  // Throws Error, in one line, where the guest trains and its plane does not, or the other way round.
  void greet(Guest guest);
  // All workers of all planes have greeted.
  bool complete() const;
  bool has_greeted(std::size_t plane, NodeId who) const { return guests_.contains({plane, who}); }
  std::vector<proto::Trainee> trainees(std::size_t plane) const;
  // Those who wait to be greeted back; once.
  std::vector<Guest> take_waiting() { return std::exchange(waiting_, {}); }

  // Somebody has left in good order.
  void depart(std::size_t plane, NodeId who, const std::string& name);
  bool all_have_left() const;
  // Of those who have left, one whose gradient a round cannot do without when that has come from `arrived` alone: its
  // name; empty: nobody. A party counts as one, since one of its servers holds a given chunk.
  std::string missing(const std::vector<Asker>& arrived) const;

 private:
  using Place = std::pair<std::size_t, NodeId>;               // plane and worker
  using Contributor = std::pair<std::size_t, std::uint64_t>;  // plane, and rank or party

  Contributor contributor(const Place& place) const;

  std::vector<Plane> planes_;
  std::map<Place, Guest> guests_;
  std::vector<Guest> waiting_;
  std::set<Place> departed_;
  std::map<Contributor, std::string> gone_;  // names of those who trained
};

}  // namespace geomx::ps
