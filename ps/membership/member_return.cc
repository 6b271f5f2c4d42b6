#include <algorithm>
#include <chrono>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member_state.h"

namespace geomx::ps {

// Peers -------------------------------------------------------------------------------------------------------------

void Member::Impl::lose(NodeId who, const std::string& line) {
  Peer* peer = peer_of(who);
  if (peer == nullptr || who == self_id) return;
  {
    const std::lock_guard lock(mutex);
    if (departed.contains(who) || !lost.insert(who).second) return;
    transport->disconnect(who);
    peer->greeted.store(false);
    changed.notify_all();
  }
  if (on_lost) on_lost(who, line);
}

void Member::Impl::take_returned(const proto::Peer& told) {
  const NodeId who = NodeId::unpacked(told.id());
  Peer* peer = peer_of(who);
  if (peer == nullptr || who == self_id) return;
  const std::lock_guard lock(mutex);
  {
    const std::lock_guard names(naming);
    peer->who = told;
  }
  peer->incarnation = told.incarnation();
  lost.erase(who);
  rebuild_road(who, *peer);
}

// The scheduler says who is who once more: it has begun anew, or had given this node up.
void Member::Impl::take_roster_again(const proto::Roster& roster) {
  std::vector<NodeId> away, gone;
  {
    const std::lock_guard lock(mutex);
    bool given_up = false;
    for (const proto::Peer& told : roster.peers()) {
      if (NodeId::unpacked(told.id()) != self_id) continue;
      given_up = told.incarnation() != incarnation;
      incarnation = told.incarnation();
    }
    for (const proto::Peer& told : roster.peers()) {
      const NodeId id = NodeId::unpacked(told.id());
      Peer* peer = peer_of(id);
      if (peer == nullptr || id == self_id) continue;
      {
        const std::lock_guard names(naming);
        peer->who = told;
      }
      const bool other = std::exchange(peer->incarnation, told.incarnation()) != told.incarnation();
      if (told.presence() == proto::LOST) away.push_back(id);
      if (told.presence() == proto::DEPARTED) gone.push_back(id);
      if (told.presence() != proto::PRESENT) continue;
      const bool was_lost = lost.erase(id) > 0;
      if (given_up || other || was_lost) rebuild_road(id, *peer);
    }
  }
  for (const NodeId id : gone) take_departed(id);
  for (const NodeId id : away) lose(id, name_of(id) + " is lost");
  if (on_reclaimed) on_reclaimed();
}

void Member::Impl::rebuild_road(NodeId who, Peer& peer) {
  if (!has_road(who) || departed.contains(who)) return;
  peer.greeted.store(false);
  peer.anew = true;
  if (self_id.role != Role::worker) return;
  transport->connect(who, endpoint_of(who));
  say_hello(who);
  building = true;
}

void Member::Impl::say_hello(NodeId server) {
  Message hello = message();
  hello.header.mutable_hello()->set_incarnation(incarnation);
  transport->send(server, std::move(hello));
}

// On the receive thread, once in kRepeat.
void Member::Impl::say_hello_again() {
  if (Clock::now() < next_hello) return;
  next_hello = Clock::now() + kRepeat;
  const std::lock_guard lock(mutex);
  bool any = false;
  for (auto& [id, peer] : peers) {
    if (!peer.anew || lost.contains(id) || departed.contains(id)) continue;
    any = true;
    say_hello(id);
  }
  building = any;
}

// The scheduler -------------------------------------------------------------------------------------------------------

void Member::Impl::lose_scheduler(double silent_seconds) {
  proto::Lost told;
  told.set_name("the " + scheduler_name(plane));
  told.set_silent_seconds(silent_seconds);
  notice(lost_text(told, plane) + ": the job goes on without it, and it may begin anew");
}

// It answers, but does not count this node among its own.
void Member::Impl::claim_place() {
  const auto now = Clock::now();
  Message message = this->message();
  {
    const std::lock_guard lock(mutex);
    if (closed || !failure.empty()) return;
    *message.header.mutable_register_() = registration;
    proto::Claim& claim = *message.header.mutable_register_()->mutable_claim();
    claim.set_id(self_id.packed());
    claim.set_incarnation(incarnation);
    const std::lock_guard names(naming);
    for (const auto& [id, peer] : peers) {
      proto::Peer& told = *claim.add_peers();
      told = peer.who;
      told.set_incarnation(id == self_id ? incarnation.load() : peer.incarnation);
      told.set_presence(departed.contains(id) ? proto::DEPARTED : lost.contains(id) ? proto::LOST : proto::PRESENT);
    }
    for (const auto& [barrier, generation] : barriers_passed) {
      proto::BarrierRelease& passed = *claim.add_passed();
      passed.set_name(barrier.first);
      passed.set_group(barrier.second);
      passed.set_generation(generation);
    }
  }
  // The old connection may be one of those that a cut has broken, and find out late.
  if (now - claimed > kRepeat) {
    transport->connect(kScheduler, {plane.scheduler_host, plane.scheduler_port});
    claimed = now;
    notice("the " + scheduler_name(plane) + " does not know this node any more, which claims its place again");
  }
  transport->send(kScheduler, std::move(message));
}

}  // namespace geomx::ps
