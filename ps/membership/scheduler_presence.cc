#include <algorithm>
#include <chrono>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/scheduler_state.h"

namespace geomx::ps {

using Clock = Scheduler::Clock;

// Who is silent ------------------------------------------------------------------------------------------------------

void Scheduler::Impl::take_heartbeat(NodeId from, const proto::Heartbeat& heartbeat, const std::string& route) {
  const auto now = Clock::now();
  const Registry::Node* node = registry.find(from);
  // Of one who was there before this scheduler began, the connection is not known yet.
  const bool known =
      barriers && present.contains(from) && !node->route.empty() && node->incarnation == heartbeat.incarnation();
  if (known) {
    last_sign[from] = last_beat[from] = now;
    for (const std::uint32_t id : heartbeat.heard()) {
      if (const auto peer = last_sign.find(NodeId::unpacked(id)); peer != last_sign.end() && peer->first != from) {
        peer->second = now;
      }
    }
  }
  Message echo = scheduler_message();
  echo.header.mutable_heartbeat()->set_sequence(heartbeat.sequence());
  echo.header.mutable_heartbeat()->set_unknown(!known);
  transport->reply(route, std::move(echo));
}

void Scheduler::Impl::check_silence() {
  const auto now = Clock::now();
  const std::map<NodeId, Clock::time_point> signs = last_sign;
  for (const auto& [node, sign] : signs) {
    const std::chrono::duration<double> silent = now - sign;
    if (silent > plane.heartbeat_timeout) lose(node, silent.count());
  }
}

void Scheduler::Impl::lose(NodeId who, double silent_seconds) {
  transport->disconnect(who);
  present.erase(who);
  last_sign.erase(who);
  lost[who] = Clock::now();
  registry.set_presence(who, proto::LOST);
  const proto::Lost word = tell_lost(who, name_of(who), silent_seconds, "");
  if (log) log(kNecessary, lost_text(word, plane));
  const Registry::Node* node = registry.find(who);
  tell_presence({who, node == nullptr ? "" : node->name, true, silent_seconds});
  release(barriers->depart(who));
}

proto::Lost Scheduler::Impl::tell_lost(NodeId who, const std::string& name, double silent_seconds,
                                       const std::string& reason) {
  Message message = scheduler_message();
  proto::Lost& word = *message.header.mutable_lost();
  word.set_id(who.packed());
  word.set_name(name);
  word.set_silent_seconds(silent_seconds);
  word.set_reason(reason);
  for (const NodeId& node : present) {
    if (node != who) transport->send(node, message);
  }
  return word;
}

void Scheduler::Impl::end(const proto::Lost& word) {
  throw Error(lost_text(word, plane));
}

// All have left. One who is lost comes back or is not needed, unless it is a server: its workers may have left it to
// finish by itself, as the master worker does with the global servers.
bool Scheduler::Impl::is_over(Clock::time_point now) const {
  if (!present.empty()) return false;
  for (const auto& [node, since] : lost) {
    if (node.role != Role::server) continue;
    const std::chrono::duration<double> waited = now - since;
    if (waited < plane.rejoin_timeout) return false;
    throw Error(name_of(node) + " was lost and has not come back within " + seconds_text(plane.rejoin_timeout.count()) +
                " (GEOMX_REJOIN_TIMEOUT)");
  }
  return true;
}

// Who comes back -----------------------------------------------------------------------------------------------------

Clock::duration Scheduler::Impl::half_interval() const {
  return std::chrono::duration_cast<Clock::duration>(plane.heartbeat_interval / 2);
}

// A process that registers when the plane is complete: one whose roster was lost on its way; one in the place of a node
// that is lost, or that has died a moment ago, which is not known yet; or one too many.
void Scheduler::Impl::take_latecomer(const proto::Register& request, const std::string& route) {
  const auto now = Clock::now();
  if (const Registry::Node* node = registry.by_nonce(request.nonce())) {
    if (!present.contains(node->id)) return;
    registry.set_route(node->id, request.nonce(), route);
    adopt(*node);
    return send_roster(*node);
  }
  const Registry::Node* place = registry.place_for(request);
  if (place == nullptr || (present.contains(place->id) && plane.heartbeat_timeout.count() <= 0)) {
    registry.add(request, route);  // says what is wrong
    return;
  }
  const NodeId id = place->id;
  if (present.contains(id)) {
    // It beats once in an interval, if it lives.
    const auto asked = first_seen.try_emplace(request.nonce(), now).first->second;
    if (last_beat[id] > asked + half_interval()) {
      first_seen.erase(request.nonce());
      registry.add(request, route);
      return;
    }
    if (now < std::max(asked, last_beat[id]) + 4 * half_interval()) {
      Message answer = scheduler_message();
      answer.header.mutable_registered()->set_servers(static_cast<std::uint32_t>(registry.count(Role::server)));
      answer.header.mutable_registered()->set_workers(static_cast<std::uint32_t>(registry.count(Role::worker)));
      return transport->reply(route, std::move(answer));
    }
    lose(id, std::chrono::duration<double>(now - last_sign[id]).count());
  }
  first_seen.erase(request.nonce());
  give_place(id, request, route);
}

void Scheduler::Impl::give_place(NodeId id, const proto::Register& request, const std::string& route) {
  const Registry::Node& node = registry.take_place(id, request, route);
  lost.erase(id);
  adopt(node);
  barriers->enter(id);
  send_roster(node);
  Message returned = scheduler_message();
  write_peer(node, *returned.header.mutable_returned()->mutable_peer());
  for (const NodeId& other : present) {
    if (other != id) transport->send(other, returned);
  }
  if (log) log(kNecessary, name_of(id) + " is back");
  tell_presence({id, node.name, false});
}

void Scheduler::Impl::adopt(const Registry::Node& node) {
  present.insert(node.id);
  last_sign[node.id] = Clock::now();
  transport->adopt(node.id, node.route);
}

// A member that this scheduler does not count among its own: because it was silent for too long, or because this
// scheduler has begun anew.
void Scheduler::Impl::take_claim(const proto::Register& request, const std::string& route) {
  const proto::Claim& claim = request.claim();
  const NodeId id = NodeId::unpacked(claim.id());
  if (!barriers) restore(request);
  const Registry::Node* node = registry.find(id);
  if (node == nullptr || node->presence == proto::DEPARTED) return;
  for (const proto::BarrierRelease& passed : claim.passed()) {
    barriers->set_released({passed.name(), passed.group(), passed.generation()});
  }
  if (claim.incarnation() < node->incarnation && request.nonce() != node->nonce) {
    throw Refused(request.name() + " was given up by the " + scheduler_name(plane) + ", and " + node->name +
                      " has taken its place",
                  false);
  }
  for (const proto::Peer& peer : claim.peers()) {  // they left while there was no scheduler
    const NodeId other = NodeId::unpacked(peer.id());
    if (peer.presence() == proto::DEPARTED && present.contains(other)) take_leave(other, "");
  }
  if (lost.contains(id)) return give_place(id, request, route);
  registry.set_route(id, request.nonce(), route);
  adopt(*node);
  send_roster(*node);
}

// From what the first member says who finds out that its scheduler has begun anew.
void Scheduler::Impl::restore(const proto::Register& request) {
  registry.restore(request.claim());
  std::vector<NodeId> members;
  const auto now = Clock::now();
  for (const Registry::Node& node : registry.nodes()) {
    transport->disconnect(node.id);  // what is sent to it goes nowhere until it claims its place, too
    if (node.presence == proto::LOST) lost[node.id] = now;
    if (node.presence != proto::PRESENT) continue;
    members.push_back(node.id);
    present.insert(node.id);
    last_sign[node.id] = now;
  }
  barriers.emplace(std::move(members));
  if (log) log(kNecessary, "the job runs already: " + request.name() + " has told who is in it");
}

}  // namespace geomx::ps
