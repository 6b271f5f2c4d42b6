#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member_state.h"

namespace geomx::ps {

using namespace std::chrono_literals;

void Member::Impl::receive() {
  for (;;) {
    auto received = transport->receive(Clock::now() + (building.load() ? kRepeat : Clock::duration(1h)));
    if (closed.load()) return;
    if (building.load()) say_hello_again();
    if (!received) continue;
    try {
      handle(std::move(*received));
    } catch (const std::exception& error) {
      set_failure(error.what());
    }
  }
}

void Member::Impl::handle(Transport::Received received) {
  const proto::Header& header = received.message.header;
  const NodeId from = NodeId::unpacked(header.sender());
  if (from == kScheduler) {
    const std::lock_guard lock(mutex);
    if (heart) heart->sign();
  } else if (Peer* peer = peer_of(from)) {
    peer->heard.store(true);
  }
  if (header.has_data()) return take_data(from, std::move(received.message));
  if (header.has_hello()) return take_hello(from, header.hello(), received.route);
  if (from != kScheduler) {  // a peer says nothing else but that it leaves
    if (!header.has_leave() || peer_of(from) == nullptr) return;
    const std::string& reason = header.leave().reason();
    return reason.empty() ? take_departed(from) : set_failure(name_of(from) + " has failed: " + reason);
  }
  switch (header.body_case()) {
    case proto::Header::kRoster:
      return take_roster(header.roster());
    case proto::Header::kRegistered: {
      const std::lock_guard lock(mutex);
      registered = header.registered();
      return changed.notify_all();
    }
    case proto::Header::kRefusal:
      expelled = have_roster.load();
      transport->disconnect(kScheduler);  // neither has anything more to say to the other
      return set_failure(header.refusal().message());
    case proto::Header::kLost:
      return take_lost(header.lost());
    case proto::Header::kState:
      if (on_state) on_state(header.state());
      return;
    case proto::Header::kMatch:
      if (on_match) on_match(header.match());
      return;
    case proto::Header::kDeparted:
      for (const std::uint32_t id : header.departed().ids()) take_departed(NodeId::unpacked(id));
      return;
    case proto::Header::kReturned:
      return take_returned(header.returned().peer());
    case proto::Header::kBarrierRelease:
    case proto::Header::kBarrierAwaited:
      return take_barrier(header);
    default:
      return;
  }
}

void Member::Impl::take_roster(const proto::Roster& roster) {
  if (have_roster) return take_roster_again(roster);
  std::vector<NodeId> away, gone;
  {
    const std::lock_guard lock(mutex);
    for (const proto::Peer& peer : roster.peers()) {
      const NodeId id = NodeId::unpacked(peer.id());
      Peer& known = peers[id];
      known.who = peer;
      known.incarnation = peer.incarnation();
      if (peer.presence() == proto::LOST) away.push_back(id);
      if (peer.presence() == proto::DEPARTED) gone.push_back(id);
    }
    self_id = NodeId::unpacked(roster.your_id());
    incarnation = peers[self_id].incarnation;
    took_place = incarnation > 1;
    have_roster = true;
  }
  for (const NodeId id : gone) take_departed(id);
  for (const NodeId id : away) lose(id, name_of(id) + " is lost");
  changed.notify_all();
}

void Member::Impl::take_hello(NodeId from, const proto::Hello& said, const std::string& route) {
  // A worker may say hello before this server has heard of it: it says it again until it is answered.
  Peer* peer = peer_of(from);
  if (peer == nullptr || !has_road(from)) return;
  bool returned = false;
  {
    const std::lock_guard lock(mutex);
    if (said.incarnation() != peer->incarnation || lost.contains(from)) return;
    if (!said.answer() && self_id.role == Role::server) transport->adopt(from, route);
    returned = std::exchange(peer->anew, false);
    peer->greeted.store(true);
    changed.notify_all();
  }
  // Before the first word of the other end can come.
  if (returned && on_returned) on_returned(from);
  if (said.answer() || self_id.role != Role::server) return;
  Message hello = message();
  hello.header.mutable_hello()->set_answer(true);
  hello.header.mutable_hello()->set_incarnation(incarnation);
  transport->send(from, std::move(hello));
}

void Member::Impl::take_data(NodeId from, Message message) {
  const Peer* peer = peer_of(from);
  if (peer == nullptr || !peer->greeted.load()) return;
  if (on_data) on_data(from, std::move(message));
}

void Member::Impl::take_lost(const proto::Lost& told) {
  const NodeId who = NodeId::unpacked(told.id());
  if (told.reason().empty()) return lose(who, lost_text(told, plane));
  transport->disconnect(who);
  transport->disconnect(kScheduler);  // it ends with this message
  set_failure(lost_text(told, plane));
}

void Member::Impl::take_departed(NodeId who) {
  if (peer_of(who) == nullptr) return;
  {
    const std::lock_guard lock(mutex);
    if (!departed.insert(who).second) return;
    transport->disconnect(who);
    changed.notify_all();
  }
  if (on_departed) on_departed(who);
}

void Member::Impl::take_barrier(const proto::Header& header) {
  const std::lock_guard lock(mutex);
  if (header.has_barrier_release()) {
    const proto::BarrierRelease& release = header.barrier_release();
    const auto wait = barriers.find({release.name(), release.group(), release.generation()});
    if (wait != barriers.end()) wait->second.released = true;
  } else {
    const proto::BarrierAwaited& awaited = header.barrier_awaited();
    const auto wait = barriers.find({awaited.name(), awaited.group(), awaited.generation()});
    if (wait == barriers.end()) return;
    std::vector<NodeId>& ids = wait->second.awaited.emplace();
    for (const std::uint32_t id : awaited.ids()) ids.push_back(NodeId::unpacked(id));
  }
  changed.notify_all();
}

void Member::Impl::set_failure(const std::string& why) {
  {
    const std::lock_guard lock(mutex);
    if (!failure.empty() || closed) return;
    failure = why;
    changed.notify_all();
  }
  if (on_failure) on_failure(why);
}

}  // namespace geomx::ps
