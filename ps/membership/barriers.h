#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ps/transport/message.h"

namespace geomx::ps {

// Which barriers are open, and who has come. A barrier is a name, a group and a generation: the n-th use of the name,
// so that a repeated request never counts for the next use. Pure bookkeeping.
//
// Threading: one thread.
class Barriers {
 public:
  enum Group : std::uint32_t { servers = 1, workers = 2 };
  struct Barrier {
    std::string name;
    std::uint32_t group = 0;
    std::uint64_t generation = 0;
    auto operator<=>(const Barrier&) const = default;  // NOLINT(modernize-use-nullptr): mistakes <=> for a pointer
  };
  struct Release {
    Barrier barrier;
    std::vector<NodeId> to;
  };

  explicit Barriers(std::vector<NodeId> members) : members_(members.begin(), members.end()) {}

  // A node has come to a barrier. The releases to send, if any: to all, or to this node again where it asks twice.
  std::vector<Release> arrive(NodeId who, const Barrier& barrier);
  // A node has left: nobody waits for it any longer.
  std::vector<Release> depart(NodeId who);
  // One who had left, or was lost, is there again.
  void enter(NodeId who) { members_.insert(who); }
  // The others have gone through it already.
  void set_released(const Barrier& barrier);
  std::vector<NodeId> awaited(const Barrier& barrier) const;

 private:
  using Name = std::pair<std::string, std::uint32_t>;

  static bool includes(std::uint32_t group, NodeId id) {
    return (group & (id.role == Role::server ? servers : workers)) != 0;
  }

  std::set<NodeId> members_;
  std::map<Barrier, std::set<NodeId>> open_;
  std::map<Name, std::uint64_t> released_;  // the last generation
};

}  // namespace geomx::ps
