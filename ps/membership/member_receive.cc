#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member_state.h"

namespace geomx::ps {

using namespace std::chrono_literals;

void Member::Impl::receive() {
  for (;;) {
    auto received = transport->receive(Clock::now() + 1h);
    if (closed.load()) return;
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
  if (header.has_hello()) return take_hello(from, header.hello().answer(), received.route);
  if (from != kScheduler) return;  // nothing else is for peers to say
  switch (header.body_case()) {
    case proto::Header::kRoster:
      return take_roster(header.roster());
    case proto::Header::kRegistered: {
      const std::lock_guard lock(mutex);
      registered = header.registered();
      return changed.notify_all();
    }
    case proto::Header::kRefusal:
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
      return take_departed(header.departed());
    case proto::Header::kBarrierRelease:
    case proto::Header::kBarrierAwaited:
      return take_barrier(header);
    default:
      return;
  }
}

void Member::Impl::take_roster(const proto::Roster& roster) {
  const std::lock_guard lock(mutex);
  if (have_roster) return;
  for (const proto::Peer& peer : roster.peers()) {
    Peer& known = peers[NodeId::unpacked(peer.id())];
    known.name = peer.name();
    known.endpoint = {peer.host(), static_cast<int>(peer.port())};
  }
  self_id = NodeId::unpacked(roster.your_id());
  have_roster = true;
  changed.notify_all();
}

void Member::Impl::take_hello(NodeId from, bool answer, const std::string& route) {
  // A worker may say hello before the roster has reached this server: it says it again until it is answered.
  Peer* peer = peer_of(from);
  if (peer == nullptr || !has_road(from)) return;
  if (!answer && self_id.role == Role::server) {
    Message hello = message();
    transport->adopt(from, route);
    hello.header.mutable_hello()->set_answer(true);
    transport->send(from, std::move(hello));
  }
  const std::lock_guard lock(mutex);
  peer->greeted.store(true);
  changed.notify_all();
}

void Member::Impl::take_data(NodeId from, Message message) {
  const Peer* peer = peer_of(from);
  if (peer == nullptr || !peer->greeted.load()) return;
  if (on_data) on_data(from, std::move(message));
}

void Member::Impl::take_lost(const proto::Lost& lost) {
  transport->disconnect(NodeId::unpacked(lost.id()));
  transport->disconnect(kScheduler);  // it ends with this message
  set_failure(lost_text(lost, plane));
}

void Member::Impl::take_departed(const proto::Departed& message) {
  for (const std::uint32_t packed : message.ids()) {
    const NodeId id = NodeId::unpacked(packed);
    if (peer_of(id) == nullptr) continue;
    {
      const std::lock_guard lock(mutex);
      if (!departed.insert(id).second) continue;
      transport->disconnect(id);
      changed.notify_all();
    }
    if (on_departed) on_departed(id);
  }
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

void Member::Impl::lose_scheduler(double silent_seconds) {
  proto::Lost lost;
  lost.set_name("the " + scheduler_name(plane));
  lost.set_silent_seconds(silent_seconds);
  transport->disconnect(kScheduler);
  set_failure(lost_text(lost, plane));
}

}  // namespace geomx::ps
