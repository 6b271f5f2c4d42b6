#include <algorithm>
#include <chrono>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/scheduler_state.h"

namespace geomx::ps {
namespace {

using Clock = Scheduler::Clock;
using namespace std::chrono_literals;

// How long a plane that cannot start goes on saying why to those who come.
constexpr Clock::duration kGrace = 1s;

}  // namespace

Message scheduler_message() {
  Message message;
  message.header.set_version(kProtocolVersion);
  message.header.set_sender(kScheduler.packed());
  return message;
}

Message refusal(const std::string& why) {
  Message refusal = scheduler_message();
  refusal.header.mutable_refusal()->set_message(why);
  return refusal;
}

void Scheduler::Impl::take_registration(const proto::Header& header, const std::string& route) {
  const proto::Register& request = header.register_();
  try {
    if (header.version() != kProtocolVersion) {
      throw Refused(request.name() + " speaks version " + std::to_string(header.version()) +
                        " of the protocol, and the " + scheduler_name(plane) + " speaks version " +
                        std::to_string(kProtocolVersion),
                    false);
    }
    if (request.has_claim()) return take_claim(request, route);
    if (barriers) return take_latecomer(request, route);
    const bool added = registry.add(request, route);
    Message answer = scheduler_message();
    answer.header.mutable_registered()->set_servers(static_cast<std::uint32_t>(registry.count(Role::server)));
    answer.header.mutable_registered()->set_workers(static_cast<std::uint32_t>(registry.count(Role::worker)));
    transport->reply(route, std::move(answer));
    if (added) say(request.name() + " has registered: " + registered_text());
    if (added && registry.complete()) complete_plane();
  } catch (const Refused& refused) {
    transport->reply(route, refusal(refused.what()));
    if (log) log(kNecessary, std::string("refused: ") + refused.what());
    if (!refused.fatal() || barriers) return;
    told.insert(request.nonce());
    give_up(refused.what(), kGrace);
  }
}

void Scheduler::Impl::complete_plane() {
  registry.assign_ranks();
  std::vector<NodeId> members;
  const auto now = Clock::now();
  for (const Registry::Node& node : registry.nodes()) {
    members.push_back(node.id);
    present.insert(node.id);
    last_sign[node.id] = now;
    transport->adopt(node.id, node.route);
  }
  barriers.emplace(std::move(members));
  for (const Registry::Node& node : registry.nodes()) send_roster(node);
  if (!log) return;
  std::string all;
  for (const Registry::Node& node : registry.nodes()) all += (all.empty() ? "" : ", ") + describe(node.id, node.name);
  say("complete: " + all);
}

void Scheduler::Impl::send_roster(const Registry::Node& node) {
  Message roster = scheduler_message();
  roster.header.mutable_roster()->set_your_id(node.id.packed());
  for (const Registry::Node& other : registry.nodes()) {
    write_peer(other, *roster.header.mutable_roster()->add_peers());
  }
  transport->send(node.id, std::move(roster));
}

void Scheduler::Impl::give_up(const std::string& why, Clock::duration grace) {
  for (const Registry::Node& node : registry.nodes()) {
    transport->reply(node.route, refusal(why));
    told.insert(node.nonce);
  }
  // Those who are still starting shall hear the reason, too, and not find a scheduler that has gone.
  const auto deadline = Clock::now() + grace;
  const auto all = static_cast<std::size_t>(plane.num_servers) + static_cast<std::size_t>(plane.num_workers);
  while (told.size() < all && !stopping.load()) {
    const auto received = transport->receive(deadline);
    if (!received) break;
    if (!received->message.header.has_register_()) continue;
    transport->reply(received->route, refusal(why));
    told.insert(received->message.header.register_().nonce());
  }
  throw Error(why);
}

void Scheduler::Impl::handle(const Transport::Received& received) {
  const proto::Header& header = received.message.header;
  if (header.has_register_()) return take_registration(header, received.route);
  if (header.has_heartbeat()) {  // on a connection of its own
    return take_heartbeat(NodeId::unpacked(header.sender()), header.heartbeat(), received.route);
  }
  if (!barriers) {  // a node that does not want to wait any longer has no id yet
    if (const Registry::Node* node = registry.by_route(received.route); node != nullptr && header.has_leave()) {
      const std::string& reason = header.leave().reason();
      give_up(node->name + " has ended before the plane was complete" + (reason.empty() ? "" : ": " + reason), kGrace);
    }
    return;
  }

  const NodeId from = NodeId::unpacked(header.sender());
  const Registry::Node* node = registry.find(from);
  // A late word of one who has left, or of one whose place another has taken.
  if (!present.contains(from)) return;
  // One who was there before this scheduler began may leave before it has claimed its place.
  const bool unclaimed = node->route.empty() && header.has_leave();
  if (node->route != received.route && !unclaimed) return;
  last_sign[from] = Clock::now();
  take_word(from, header);
}

void Scheduler::Impl::take_word(NodeId from, const proto::Header& header) {
  if (header.has_barrier()) return take_barrier(from, header.barrier());
  if (header.has_state()) return take_state(from, header.state());
  if (header.has_ask()) return take_ask(from, header.ask());
  if (header.has_leave()) return take_leave(from, header.leave().reason());
}

void Scheduler::Impl::take_state(NodeId from, const proto::State& report) {
  if (!on_state) return;
  Message answer = scheduler_message();
  *answer.header.mutable_state() = on_state(report);
  transport->send(from, std::move(answer));
}

void Scheduler::Impl::take_ask(NodeId from, const proto::Ask& ask) {
  if (!on_ask) return;
  for (const auto& [to, match] : on_ask(from, ask)) {
    if (!present.contains(to)) continue;
    Message announcement = scheduler_message();
    *announcement.header.mutable_match() = match;
    transport->send(to, std::move(announcement));
  }
}

void Scheduler::Impl::take_barrier(NodeId from, const proto::Barrier& request) {
  const Barriers::Barrier barrier{request.name(), request.group(), request.generation()};
  if (!request.query()) return release(barriers->arrive(from, barrier));
  Message answer = scheduler_message();
  proto::BarrierAwaited* awaited = answer.header.mutable_barrier_awaited();
  awaited->set_name(barrier.name);
  awaited->set_group(barrier.group);
  awaited->set_generation(barrier.generation);
  for (const NodeId& id : barriers->awaited(barrier)) awaited->add_ids(id.packed());
  transport->send(from, std::move(answer));
}

void Scheduler::Impl::release(const std::vector<Barriers::Release>& releases) {
  for (const Barriers::Release& release : releases) {
    Message released = scheduler_message();
    released.header.mutable_barrier_release()->set_name(release.barrier.name);
    released.header.mutable_barrier_release()->set_group(release.barrier.group);
    released.header.mutable_barrier_release()->set_generation(release.barrier.generation);
    for (const NodeId& node : release.to) transport->send(node, released);
    say("barrier " + release.barrier.name + " is released");
  }
}

void Scheduler::Impl::take_leave(NodeId from, const std::string& reason) {
  if (!reason.empty()) {
    transport->disconnect(from);
    end(tell_lost(from, name_of(from), 0, reason));
  }
  present.erase(from);
  registry.set_presence(from, proto::DEPARTED);
  last_sign.erase(from);
  transport->disconnect(from);
  Message departed = scheduler_message();
  departed.header.mutable_departed()->add_ids(from.packed());
  for (const NodeId& node : present) transport->send(node, departed);
  say(name_of(from) + " has left; " + std::to_string(present.size()) + " stay");
  release(barriers->depart(from));
}

// After stop() or fail().
void Scheduler::Impl::end_as_told() {
  std::string why;
  {
    const std::lock_guard lock(mutex);
    why = failure;
  }
  if (why.empty()) return;
  const std::string name = "the " + scheduler_name(plane);
  if (barriers) tell_lost(kScheduler, name, 0, why);
  give_up(name + " has failed: " + why, Clock::duration(0));
}

// Often enough to notice a silence soon after the timeout.
Clock::duration Scheduler::Impl::tick() const {
  const auto eighth = std::chrono::duration_cast<Clock::duration>(plane.heartbeat_timeout / 8);
  return plane.heartbeat_timeout.count() > 0 ? std::clamp<Clock::duration>(eighth, 5ms, 100ms) : Clock::duration(100ms);
}

Scheduler::Scheduler(const PlaneConfig& plane, std::unique_ptr<Transport> transport, Log log)
    : impl_(std::make_unique<Impl>(plane, std::move(transport), std::move(log))) {}

Scheduler::~Scheduler() {
  impl_->transport->stop();
}

void Scheduler::on_state(std::function<proto::State(const proto::State&)> answer) {
  impl_->on_state = std::move(answer);
}

void Scheduler::on_ask(std::function<Matches(NodeId, const proto::Ask&)> answer) {
  impl_->on_ask = std::move(answer);
}

void Scheduler::on_presence(std::function<void(const Presence&)> handler) {
  impl_->on_presence = std::move(handler);
}

Endpoint Scheduler::listen() {
  if (impl_->endpoint) return *impl_->endpoint;
  PlaneConfig& plane = impl_->plane;
  // Behind a port mapping it listens on another port than the one that the others know.
  try {
    impl_->endpoint = impl_->transport->bind({plane.bind_host, plane.port != 0 ? plane.port : plane.scheduler_port});
  } catch (const Error& error) {
    throw Error(std::string(error.what()) + " (" + variables_of(plane).root_uri + "=" + plane.scheduler_host + ", " +
                (plane.port != 0 ? "PORT=" + std::to_string(plane.port)
                                 : variables_of(plane).root_port + ("=" + std::to_string(plane.scheduler_port))) +
                ")");
  }
  if (plane.scheduler_port == 0) plane.scheduler_port = impl_->endpoint->port;
  return *impl_->endpoint;
}

void Scheduler::run() {
  run(Clock::now() + std::chrono::duration_cast<Clock::duration>(impl_->plane.join_timeout));
}

void Scheduler::run(Clock::time_point registration_deadline) {
  listen();
  const auto start = Clock::now();
  auto last_turn = start;
  auto next_check = start;
  while (!impl_->stopping.load()) {
    const auto received = impl_->transport->receive(next_check);
    const auto now = Clock::now();
    // This process was paused for a whole timeout, and what the others sent meanwhile may still lie in the kernel.
    if (now - last_turn > impl_->plane.heartbeat_timeout) {
      for (auto& [node, sign] : impl_->last_sign) sign = now;
      for (auto& [nonce, seen] : impl_->first_seen) seen = now;
    }
    last_turn = now;

    if (received) impl_->handle(*received);
    if (!impl_->barriers) {
      if (now < registration_deadline) {
        if (!received) next_check = std::min(now + impl_->tick(), registration_deadline);
        continue;
      }
      const std::chrono::duration<double> waited = registration_deadline - start;
      impl_->give_up(missing(impl_->plane, impl_->registry.count(Role::server), impl_->registry.count(Role::worker),
                             waited.count()),
                     Clock::duration(0));
    }
    if (impl_->is_over(now)) {
      impl_->say(traffic_text(impl_->transport->counters()));
      return;
    }
    if (received) continue;
    // Only here, where nothing waits to be read: a sign of life may be among it.
    if (impl_->plane.heartbeat_timeout.count() > 0) impl_->check_silence();
    next_check = now + impl_->tick();
  }
  impl_->end_as_told();
}

void Scheduler::stop() {
  impl_->stopping.store(true);
}

void Scheduler::fail(const std::string& why) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->failure = why;
  }
  impl_->stopping.store(true);
}

}  // namespace geomx::ps
