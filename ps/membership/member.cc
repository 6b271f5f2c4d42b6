#include "ps/membership/member.h"

#include <algorithm>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member_state.h"

namespace geomx::ps {

Member::Member(const PlaneConfig& plane, std::unique_ptr<Transport> transport)
    : impl_(std::make_unique<Impl>(plane, std::move(transport))) {}

Member::~Member() {
  if (!failure().empty()) {
    fail(failure());
  } else if (std::uncaught_exceptions() > impl_->exceptions_at_birth) {
    fail("it has ended with an error");
  } else {
    leave();
  }
}

void Member::on_data(DataHandler handler) {
  impl_->on_data = std::move(handler);
}
void Member::on_failure(std::function<void(const std::string&)> handler) {
  impl_->on_failure = std::move(handler);
}
void Member::on_state(std::function<void(const proto::State&)> handler) {
  impl_->on_state = std::move(handler);
}
void Member::on_match(std::function<void(const proto::Match&)> handler) {
  impl_->on_match = std::move(handler);
}
void Member::on_departed(std::function<void(NodeId)> handler) {
  impl_->on_departed = std::move(handler);
}

void Member::on_lost(std::function<void(NodeId, const std::string&)> handler) {
  impl_->on_lost = std::move(handler);
}
void Member::on_returned(std::function<void(NodeId)> handler) {
  impl_->on_returned = std::move(handler);
}
void Member::on_reclaimed(std::function<void()> handler) {
  impl_->on_reclaimed = std::move(handler);
}
void Member::on_notice(std::function<void(const std::string&)> handler) {
  impl_->on_notice = std::move(handler);
}

void Member::join(Clock::time_point deadline) {
  try {
    impl_->start(deadline);
  } catch (const Error& error) {
    impl_->close(error.what());
    throw;
  }
}

void Member::join() {
  join(Clock::now() + std::chrono::duration_cast<Clock::duration>(impl_->plane.join_timeout));
}

NodeId Member::self() const {
  return impl_->self();
}
bool Member::took_place() const {
  return impl_->have_roster.load() && impl_->took_place;
}
const PlaneConfig& Member::plane() const {
  return impl_->plane;
}
Endpoint Member::endpoint_of(NodeId peer) const {
  return impl_->endpoint_of(peer);
}
int Member::num_servers() const {
  return impl_->plane.num_servers;
}

std::string Member::name_of(NodeId peer) const {
  return impl_->name_of(peer);
}

std::string Member::roster() const {
  std::string text;
  if (!impl_->have_roster.load()) return text;
  for (const auto& [id, peer] : impl_->peers) {
    const Endpoint endpoint = impl_->endpoint_of(id);
    text += (text.empty() ? "" : ", ") + impl_->name_of(id);
    if (endpoint.port != 0) text += " at " + to_string(endpoint);
  }
  return text;
}

void Member::send(NodeId to, Message message) {
  message.header.set_version(kProtocolVersion);
  message.header.set_sender(self().packed());
  impl_->transport->send(to, std::move(message));
}

void Member::barrier(const std::string& name, bool servers, bool workers, Clock::time_point deadline) {
  const std::uint32_t group = (servers ? Barriers::servers : 0u) | (workers ? Barriers::workers : 0u);
  Impl& impl = *impl_;
  std::unique_lock lock(impl.mutex);
  if (!impl.have_roster) throw Error("barrier " + name + ": this node has not joined");
  if (impl.self_id.role == Role::server ? !servers : !workers) {
    throw Error("barrier " + name + ": " + to_string(impl.self_id) + " is not one of those it is for");
  }
  const Barriers::Barrier barrier{name, group, ++impl.barriers_entered[{name, group}]};
  const auto start = Clock::now();
  // The names of those who are awaited have to be here by the deadline.
  const auto query_at = deadline - std::min<Clock::duration>(kRepeat, (deadline - start) / 2);
  Message request = impl.message();
  request.header.mutable_barrier()->set_name(name);
  request.header.mutable_barrier()->set_group(group);
  request.header.mutable_barrier()->set_generation(barrier.generation);

  const Impl::Wait& wait = impl.barriers[barrier];
  std::string problem;
  for (bool queried = false; problem.empty();) {
    impl.transport->send(kScheduler, request);
    if (!queried && Clock::now() >= query_at) {
      Message query = request;
      query.header.mutable_barrier()->set_query(true);
      impl.transport->send(kScheduler, std::move(query));
      queried = true;
    }
    const auto until = std::min(queried ? deadline : query_at, Clock::now() + kRepeat);
    impl.changed.wait_until(lock, until, [&] { return wait.released || !impl.failure.empty() || impl.closed; });
    if (wait.released) break;
    if (!impl.failure.empty()) {
      problem = impl.failure;
    } else if (impl.closed) {
      problem = "this node has left";
    } else if (Clock::now() >= deadline) {
      problem = (wait.awaited ? "still waiting for " + impl.names_of(*wait.awaited)
                              : "no answer from the " + impl.name_of(kScheduler)) +
                " after " + seconds_text(std::chrono::duration<double>(deadline - start).count());
    }
  }
  impl.barriers.erase(barrier);
  if (problem.empty()) impl.barriers_passed[{name, group}] = barrier.generation;
  if (!problem.empty()) throw Error("barrier " + name + ": " + problem);
}

void Member::leave() {
  impl_->close("");
}
void Member::fail(const std::string& reason, std::optional<std::chrono::milliseconds> at_most) {
  impl_->close(reason.empty() ? "no reason given" : reason, at_most);
}

std::string Member::failure() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

std::unique_ptr<Transport> Member::sibling() const {
  return impl_->transport->sibling();
}

Transport::Counters Member::traffic() const {
  return impl_->transport->counters();
}

}  // namespace geomx::ps
