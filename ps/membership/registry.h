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

// Who has registered in a plane, which rank each gets, and who is there. Pure bookkeeping: no clock, no network.
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
    std::uint32_t incarnation = 1;  // counts the processes, and returns, of the node with this id
    proto::Presence presence = proto::PRESENT;
  };

  explicit Registry(const PlaneConfig& plane) : plane_(plane) {}

  // Takes a registration; false where it is a repetition. Throws Refused.
  bool add(const proto::Register& request, const std::string& route);
  bool complete() const;
  void assign_ranks();  // once, when complete

  // Then: the node whose place a new process could take, since it has the same role, slice and address: one that is
  // lost rather than one that is present. Null where there is none. Throws Refused as add() does.
  const Node* place_for(const proto::Register& request) const;
  // Somebody takes that place: the same process again, or another one.
  const Node& take_place(NodeId id, const proto::Register& request, const std::string& route);
  // In place of add() and assign_ranks(): all of the plane, as one of its members knows it.
  void restore(const proto::Claim& claim);
  void set_presence(NodeId id, proto::Presence presence);
  void set_route(NodeId id, const std::string& nonce, const std::string& route);

  const std::vector<Node>& nodes() const { return nodes_; }
  const Node* find(NodeId id) const;
  const Node* by_nonce(const std::string& nonce) const;
  const Node* by_route(const std::string& route) const;
  int count(Role role) const;

 private:
  void check(const proto::Register& request) const;
  void check_agreement(const proto::Register& request) const;
  Node* get(NodeId id);

  PlaneConfig plane_;
  std::vector<Node> nodes_;
};

}  // namespace geomx::ps
