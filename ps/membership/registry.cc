#include "ps/membership/registry.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "ps/config/host.h"
#include "ps/config/variables.h"

namespace geomx::ps {
namespace {

const char* role_word(Role role) {
  return role == Role::server ? "server" : "worker";
}

Role role_of(const proto::Register& request) {
  return request.role() == proto::ROLE_SERVER ? Role::server : Role::worker;
}

// Shorter first, so that process 99 comes before process 100 on the same host.
auto natural(const std::string& name) {
  return std::make_pair(name.size(), name);
}

auto rank_order(const Registry::Node& node) {
  return std::make_tuple(node.id.role, !node.master, node.order, ipv4_number(node.endpoint.host), natural(node.name),
                         node.endpoint.port);
}

}  // namespace

void Registry::check_agreement(const proto::Register& request) const {
  const PlaneVariables& variables = variables_of(plane_);
  if (request.role() != proto::ROLE_SERVER && request.role() != proto::ROLE_WORKER) {
    throw Refused("the node " + request.name() + " registers as neither server nor worker", false);
  }
  const Role role = role_of(request);
  const std::string who = std::string(role_word(role)) + " " + request.name();
  // Nobody connects to a worker.
  const bool reachable = request.port() <= 65535 && (request.port() > 0 || role == Role::worker);
  if (ipv4_number(request.host()).value_or(0) == 0 || !reachable) {
    throw Refused(who + " gives no usable address: " + request.host() + ":" + std::to_string(request.port()) +
                      " (DMLC_NODE_HOST, DMLC_INTERFACE)",
                  false);
  }
  const auto agree = [&](const char* variable, std::uint32_t seen, int wanted) {
    if (seen == static_cast<std::uint32_t>(wanted)) return;
    throw Refused(who + " has " + variable + "=" + std::to_string(seen) + ", and the " + scheduler_name(plane_) +
                      " has " + variable + "=" + std::to_string(wanted) + ": they must be equal",
                  true);
  };
  const auto agree_on_seconds = [&](const char* variable, double seen, double wanted) {
    if (seen == wanted) return;
    throw Refused(who + " has " + variable + "=" + plain(seen) + ", and the " + scheduler_name(plane_) + " has " +
                      variable + "=" + plain(wanted) + ": they must be equal",
                  true);
  };
  agree(variables.num_server, request.num_servers(), plane_.num_servers);
  agree(variables.num_worker, request.num_workers(), plane_.num_workers);
  // One who beats more rarely than another has patience would be declared lost.
  agree_on_seconds("PS_HEARTBEAT_TIMEOUT", request.heartbeat_timeout(), plane_.heartbeat_timeout.count());
  if (plane_.heartbeat_timeout.count() > 0) {
    agree_on_seconds("PS_HEARTBEAT_INTERVAL", request.heartbeat_interval(), plane_.heartbeat_interval.count());
  }
  // One who resends waits for acknowledgements that another does not give.
  agree("PS_RESEND", request.resend_timeout() > 0 ? 1 : 0, plane_.resend_timeout.count() > 0 ? 1 : 0);
}

void Registry::check(const proto::Register& request) const {
  check_agreement(request);
  const Role role = role_of(request);
  const std::string who = std::string(role_word(role)) + " " + request.name();
  const int wanted = role == Role::server ? plane_.num_servers : plane_.num_workers;
  const PlaneVariables& variables = variables_of(plane_);
  const char* variable = role == Role::server ? variables.num_server : variables.num_worker;
  if (count(role) >= wanted) {
    throw Refused(who + " is one too many: " + std::to_string(count(role)) + " of " + std::to_string(wanted) + " " +
                      role_word(role) + "s are registered at the " + scheduler_name(plane_) + " already (" + variable +
                      "=" + std::to_string(wanted) + ")",
                  false);
  }
  if (!request.master()) return;
  for (const Node& node : nodes_) {
    if (node.master)
      throw Refused("both " + node.name + " and " + request.name() + " have DMLC_ROLE_MASTER_WORKER=1: only one may",
                    true);
  }
}

bool Registry::add(const proto::Register& request, const std::string& route) {
  for (Node& node : nodes_) {
    if (node.nonce != request.nonce()) continue;
    node.route = route;
    return false;
  }
  check(request);
  nodes_.push_back({.id = {role_of(request), 0},
                    .endpoint = {request.host(), static_cast<int>(request.port())},
                    .name = request.name(),
                    .nonce = request.nonce(),
                    .route = route,
                    .order = request.order(),
                    .master = request.master()});
  return true;
}

bool Registry::complete() const {
  return count(Role::server) == plane_.num_servers && count(Role::worker) == plane_.num_workers;
}

void Registry::assign_ranks() {
  std::sort(nodes_.begin(), nodes_.end(), [](const Node& a, const Node& b) { return rank_order(a) < rank_order(b); });
  std::uint32_t servers = 0;
  std::uint32_t workers = 0;
  for (Node& node : nodes_) node.id.rank = node.id.role == Role::server ? servers++ : workers++;
}

const Registry::Node* Registry::place_for(const proto::Register& request) const {
  check_agreement(request);
  // Better and better: where servers share an address, one that is lost; where they do not, the one with the address.
  const auto fitness = [&](const Node& node) {
    return (node.endpoint.host == request.host() ? 2 : 0) + (node.presence == proto::LOST ? 1 : 0);
  };
  const Node* place = nullptr;
  for (const Node& node : nodes_) {
    if (node.id.role != role_of(request) || node.order != request.order() || node.master != request.master()) continue;
    if (node.presence == proto::DEPARTED) continue;
    if (place == nullptr || fitness(node) > fitness(*place)) place = &node;
  }
  return place;
}

const Registry::Node& Registry::take_place(NodeId id, const proto::Register& request, const std::string& route) {
  Node& node = *get(id);
  node.endpoint = {request.host(), static_cast<int>(request.port())};
  node.name = request.name();
  node.nonce = request.nonce();
  node.route = route;
  node.presence = proto::PRESENT;
  ++node.incarnation;
  return node;
}

void Registry::restore(const proto::Claim& claim) {
  nodes_.clear();
  for (const proto::Peer& peer : claim.peers()) {
    nodes_.push_back({.id = NodeId::unpacked(peer.id()),
                      .endpoint = {peer.host(), static_cast<int>(peer.port())},
                      .name = peer.name(),
                      .nonce = {},
                      .route = {},
                      .order = peer.order(),
                      .master = peer.master(),
                      .incarnation = peer.incarnation(),
                      .presence = peer.presence()});
  }
}

void Registry::set_presence(NodeId id, proto::Presence presence) {
  if (Node* node = get(id)) node->presence = presence;
}

void Registry::set_route(NodeId id, const std::string& nonce, const std::string& route) {
  Node* node = get(id);
  if (node == nullptr) return;
  node->nonce = nonce;
  node->route = route;
}

Registry::Node* Registry::get(NodeId id) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.id == id; });
  return found == nodes_.end() ? nullptr : &*found;
}

const Registry::Node* Registry::find(NodeId id) const {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.id == id; });
  return found == nodes_.end() ? nullptr : &*found;
}

const Registry::Node* Registry::by_nonce(const std::string& nonce) const {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.nonce == nonce; });
  return found == nodes_.end() ? nullptr : &*found;
}

const Registry::Node* Registry::by_route(const std::string& route) const {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.route == route; });
  return found == nodes_.end() ? nullptr : &*found;
}

int Registry::count(Role role) const {
  return static_cast<int>(
      std::count_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.id.role == role; }));
}

}  // namespace geomx::ps
