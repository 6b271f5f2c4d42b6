#pragma once

#include <chrono>
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

  explicit Reception(const Plane& plane) : plane_(plane) {}

  // Throws Error, in one line, where the guest trains and its plane does not, or the other way round. One who greets
  // again, or another process in its place, is the guest from then on.
  void greet(Guest guest);
  // All workers of the plane have greeted, but for those who have left or are lost.
  bool complete() const;
  bool is_awaited(NodeId who) const {
    return !guests_.contains(who) && !departed_.contains(who) && !lost_.contains(who);
  }
  bool has_greeted(NodeId who) const { return guests_.contains(who); }
  // More than once; or its first greeting here was not the first of its life.
  bool has_come_back(NodeId who) const { return returned_.contains(who); }
  std::vector<proto::Trainee> trainees() const;
  std::size_t parties() const;               // whose servers have greeted
  std::uint64_t slice_of(NodeId who) const;  // throws Error where it does not train
  // Those who wait to be greeted back; once.
  std::vector<Guest> take_waiting() { return std::exchange(waiting_, {}); }

  // Somebody is lost, at that time; and is there again.
  using Time = std::chrono::steady_clock::time_point;
  void lose(NodeId who, Time since) { lost_.emplace(who, since); }
  bool find(NodeId who) { return lost_.erase(who) > 0; }
  const std::map<NodeId, Time>& lost() const { return lost_; }
  std::size_t present() const { return plane_.workers - departed_.size() - lost_.size(); }

  // Somebody has left in good order.
  void depart(NodeId who, const std::string& name);
  // So has the stage in the same process.
  void depart_local(const std::string& name) { gone_.emplace(Contributor{true, 0}, name); }
  // `without_lost`: nobody waits for them.
  bool all_have_left(bool without_lost) const {
    if (departed_.size() == plane_.workers) return true;
    return without_lost && !departed_.empty() && departed_.size() + lost_.size() == plane_.workers;
  }
  // Of those who have left, one whose gradient a round cannot do without when that has come from `arrived` alone: its
  // name; empty: nobody. A party counts as one, since one of its servers holds a given chunk.
  std::string missing(const std::vector<Asker>& arrived) const;
  // Those who train and have not left, but for `there`: names, lost ones told apart.
  std::vector<std::string> awaited(const std::set<NodeId>& there) const;

 private:
  using Contributor = std::pair<bool, std::uint64_t>;  // whether local, and rank or party

  Contributor contributor(NodeId who) const;

  Plane plane_;
  std::map<NodeId, Guest> guests_;
  std::vector<Guest> waiting_;
  std::set<NodeId> departed_;
  std::map<NodeId, Time> lost_;
  std::set<NodeId> returned_;
  std::map<Contributor, std::string> gone_;  // names of those who trained
};

}  // namespace geomx::ps
