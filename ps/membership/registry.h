#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/config/node_config.h"
#include "ps/transport/message.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

// A registration that cannot be. `fatal`: the deployment contradicts itself, so that the plane cannot start at all;
// else only the node that asked has to go.
class Refused : public Error {
 public:
  Refused(const std::string& message, bool fatal) : Error(message), fatal_(fatal) {}
  bool fatal() const { return fatal_; }

 private:
  bool fatal_;
};

// Who has registered in a plane, and which rank each gets. Pure bookkeeping: no clock, no network.
//
// Threading: one thread.
class Registry {
 public:
  struct Node {
    NodeId id;  // rank from assign_ranks()
    Endpoint endpoint;
    std::string name;   // hostname and process id
    std::string nonce;  // of its registration
    std::string route;  // by which it registered
    std::uint64_t order = 0;
    bool master = false;
  };

  explicit Registry(const PlaneConfig& plane) : plane_(plane) {}

  // Takes a registration; false where it is a repetition. Throws Refused.
  bool add(const proto::Register& request, const std::string& route);
  bool complete() const;
  void assign_ranks();  // once, when complete

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node* find(NodeId id) const;
  const Node* by_nonce(const std::string& nonce) const;
  const Node* by_route(const std::string& route) const;
  int count(Role role) const;

 private:
  void check(const proto::Register& request) const;

  PlaneConfig plane_;
  std::vector<Node> nodes_;
};

}  // namespace geomx::ps
