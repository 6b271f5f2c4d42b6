#include "ps/membership/member.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "ps/config/error.h"
#include "ps/membership/barriers.h"
#include "ps/membership/heart.h"
#include "ps/membership/messages.h"

namespace geomx::ps {
namespace {

using Clock = Member::Clock;
using namespace std::chrono_literals;

// How often a request to the scheduler is repeated: TCP loses nothing, but a connection that breaks may.
constexpr Clock::duration kRepeat = 500ms;

std::string process_name() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return std::string(host) + ":" + std::to_string(::getpid());
}

std::string random_nonce() {
  std::random_device device;
  std::string nonce;
  for (int i = 0; i < 4; ++i) {
    char word[9];
    std::snprintf(word, sizeof word, "%08x", device());
    nonce += word;
  }
  return nonce;
}

}  // namespace

struct Member::Impl {
  Impl(const PlaneConfig& config, std::unique_ptr<Transport> carrier) : plane(config), transport(std::move(carrier)) {}

  struct Peer {
    std::string name;
    Endpoint endpoint;
  };

  PlaneConfig plane;
  std::unique_ptr<Transport> transport;
  const int exceptions_at_birth = std::uncaught_exceptions();

  DataHandler on_data;
  LostHandler on_lost;
  std::function<void(const std::string&)> on_failure;
  std::function<void()> on_workers_left;

  mutable std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex:
  bool closed = false;
  std::optional<proto::Registered> registered;
  bool have_roster = false;
  NodeId self{};
  std::map<NodeId, Peer> peers;
  std::set<NodeId> greeted;  // peers to which the road stands
  std::set<NodeId> heard;    // since the last heartbeat
  std::set<NodeId> departed;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> barriers_entered;
  std::set<Barriers::Barrier> barriers_released;
  std::map<Barriers::Barrier, std::vector<NodeId>> barriers_awaited;
  std::string failure;

  proto::Register registration;
  std::thread receiver;
  std::unique_ptr<Heart> heart;  // set once the roster is there, before any handler needs it; guarded by the mutex

  // the receive thread
  void receive();
  void handle(Transport::Received received);
  void take_roster(const proto::Roster& roster);
  void take_hello(NodeId from, bool answer, const std::string& route);
  void take_data(NodeId from, Message message);
  void take_lost(const proto::Lost& lost);
  void take_departed(const proto::Departed& departed);
  void take_barrier(const proto::Header& header);
  // `first` runs once the failure can be read, before on_failure.
  void set_failure(const std::string& why, const std::function<void()>& first = {});
  void lose_scheduler(double silent_seconds);

  // the callers' threads
  void start(Clock::time_point deadline);
  void await_roster(Clock::time_point start, Clock::time_point deadline);
  void await_roads(Clock::time_point start, Clock::time_point deadline);
  void start_heart();
  void close(const std::string& reason);

  Message message() const {
    Message message;
    message.header.set_version(kProtocolVersion);
    message.header.set_sender(have_roster ? self.packed() : 0);
    return message;
  }
  // Roads exist between servers and workers.
  bool has_road(NodeId peer) const { return peer.role != Role::scheduler && peer.role != self.role; }
  bool all_workers_left() const {
    return have_roster && std::all_of(peers.begin(), peers.end(), [&](const auto& peer) {
             return peer.first.role != Role::worker || departed.contains(peer.first);
           });
  }
  std::string name_of(NodeId id) const {
    if (id == kScheduler) return scheduler_name(plane);
    const auto peer = peers.find(id);
    return describe(id, peer == peers.end() ? "" : peer->second.name);
  }
  std::string names_of(const std::vector<NodeId>& ids) const {
    constexpr std::size_t kEnough = 8;
    std::string names;
    for (std::size_t i = 0; i < std::min(ids.size(), kEnough); ++i) names += (i == 0 ? "" : ", ") + name_of(ids[i]);
    if (ids.size() > kEnough) names += " and " + std::to_string(ids.size() - kEnough) + " more";
    return names;
  }
};

void Member::Impl::receive() {
  for (;;) {
    auto received = transport->receive(Clock::now() + 1h);
    {
      const std::lock_guard lock(mutex);
      if (closed) return;
    }
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
  } else {
    const std::lock_guard lock(mutex);
    if (peers.contains(from)) heard.insert(from);
  }
  switch (header.body_case()) {
    case proto::Header::kData:
      return take_data(from, std::move(received.message));
    case proto::Header::kHello:
      return take_hello(from, header.hello().answer(), received.route);
    case proto::Header::kRoster:
      return take_roster(header.roster());
    case proto::Header::kRegistered: {
      const std::lock_guard lock(mutex);
      registered = header.registered();
      return changed.notify_all();
    }
    case proto::Header::kRefusal:
      return set_failure(header.refusal().message());
    case proto::Header::kLost:
      return take_lost(header.lost());
    case proto::Header::kDeparted:
      return take_departed(header.departed());
    case proto::Header::kBarrierRelease:
    case proto::Header::kBarrierAwaited:
      return take_barrier(header);
    default:
      return;  // nothing that is meant for a member
  }
}

void Member::Impl::take_roster(const proto::Roster& roster) {
  const std::lock_guard lock(mutex);
  if (have_roster) return;
  for (const proto::Peer& peer : roster.peers()) {
    peers[NodeId::unpacked(peer.id())] = {peer.name(), {peer.host(), static_cast<int>(peer.port())}};
  }
  self = NodeId::unpacked(roster.your_id());
  have_roster = true;
  changed.notify_all();
}

void Member::Impl::take_hello(NodeId from, bool answer, const std::string& route) {
  bool reply = false;
  Message hello;
  {
    const std::lock_guard lock(mutex);
    // A worker may say hello before the roster has reached this server: it says it again until it is answered.
    if (!have_roster || !peers.contains(from) || !has_road(from)) return;
    reply = !answer && self.role == Role::server;
    hello = message();
  }
  if (reply) {
    transport->adopt(from, route);
    hello.header.mutable_hello()->set_answer(true);
    transport->send(from, std::move(hello));
  }
  const std::lock_guard lock(mutex);
  greeted.insert(from);
  changed.notify_all();
}

void Member::Impl::take_data(NodeId from, Message message) {
  {
    const std::lock_guard lock(mutex);
    if (!greeted.contains(from)) return;
  }
  if (on_data) on_data(from, std::move(message));
}

void Member::Impl::take_lost(const proto::Lost& lost) {
  const NodeId who = NodeId::unpacked(lost.id());
  transport->disconnect(who);
  set_failure(lost_text(lost, plane), [&] {
    if (on_lost) on_lost(who, lost.name());
  });
}

void Member::Impl::take_departed(const proto::Departed& message) {
  bool last = false;
  {
    const std::lock_guard lock(mutex);
    const bool before = all_workers_left();
    for (const std::uint32_t packed : message.ids()) {
      const NodeId id = NodeId::unpacked(packed);
      if (!peers.contains(id)) continue;
      departed.insert(id);
      transport->disconnect(id);
    }
    last = !before && all_workers_left();
    changed.notify_all();
  }
  if (last && on_workers_left) on_workers_left();
}

void Member::Impl::take_barrier(const proto::Header& header) {
  const std::lock_guard lock(mutex);
  if (header.has_barrier_release()) {
    const proto::BarrierRelease& release = header.barrier_release();
    barriers_released.insert({release.name(), release.group(), release.generation()});
  } else {
    const proto::BarrierAwaited& awaited = header.barrier_awaited();
    std::vector<NodeId>& ids = barriers_awaited[{awaited.name(), awaited.group(), awaited.generation()}];
    ids.clear();
    for (const std::uint32_t id : awaited.ids()) ids.push_back(NodeId::unpacked(id));
  }
  changed.notify_all();
}

void Member::Impl::set_failure(const std::string& why, const std::function<void()>& first) {
  {
    const std::lock_guard lock(mutex);
    if (!failure.empty() || closed) return;
    failure = why;
    changed.notify_all();
  }
  if (first) first();
  if (on_failure) on_failure(why);
}

void Member::Impl::lose_scheduler(double silent_seconds) {
  proto::Lost lost;
  lost.set_name("the " + scheduler_name(plane));
  lost.set_silent_seconds(silent_seconds);
  transport->disconnect(kScheduler);
  set_failure(lost_text(lost, plane), [&] {
    if (on_lost) on_lost(kScheduler, lost.name());
  });
}

void Member::Impl::start(Clock::time_point deadline) {
  const auto start = Clock::now();
  Endpoint bound;
  try {
    bound = transport->bind({plane.bind_host, plane.port});
  } catch (const Error& error) {
    throw Error(std::string(error.what()) +
                (plane.port != 0 ? " (PORT=" + std::to_string(plane.port) + ")" : " (DMLC_NODE_HOST, DMLC_INTERFACE)"));
  }
  transport->connect(kScheduler, {plane.scheduler_host, plane.scheduler_port});

  proto::Register request;
  request.set_role(plane.role == PlaneRole::server ? proto::ROLE_SERVER : proto::ROLE_WORKER);
  request.set_host(plane.advertised);
  request.set_port(static_cast<std::uint32_t>(bound.port));
  request.set_num_servers(static_cast<std::uint32_t>(plane.num_servers));
  request.set_num_workers(static_cast<std::uint32_t>(plane.num_workers));
  request.set_name(process_name());
  request.set_master(plane.master);
  request.set_order(plane.order);
  request.set_nonce(random_nonce());
  registration = request;

  receiver = std::thread([this] { receive(); });
  await_roster(start, deadline);
  start_heart();
  await_roads(start, deadline);
}

void Member::Impl::await_roster(Clock::time_point start, Clock::time_point deadline) {
  std::unique_lock lock(mutex);
  for (;;) {
    Message request = message();
    *request.header.mutable_register_() = registration;
    transport->send(kScheduler, std::move(request));
    const auto until = std::min(deadline, Clock::now() + kRepeat);
    changed.wait_until(lock, until, [&] { return have_roster || !failure.empty(); });
    if (!failure.empty()) throw Error(failure);
    if (have_roster) return;
    if (Clock::now() < deadline) continue;

    const double waited = std::chrono::duration<double>(deadline - start).count();
    if (registered) {
      throw Error(
          missing(plane, static_cast<int>(registered->servers()), static_cast<int>(registered->workers()), waited) +
          " at the " + scheduler_name(plane));
    }
    throw Error("no answer from the " + scheduler_name(plane) + " within " + seconds_text(waited) + " (" +
                variables_of(plane).root_uri + ", " + variables_of(plane).root_port + ")");
  }
}

void Member::Impl::await_roads(Clock::time_point start, Clock::time_point deadline) {
  std::unique_lock lock(mutex);
  std::vector<NodeId> ends;
  for (const auto& [id, peer] : peers) {
    if (!has_road(id)) continue;
    ends.push_back(id);
    if (self.role == Role::worker) transport->connect(id, peer.endpoint);
  }
  const auto stands = [&](NodeId id) { return greeted.contains(id) || departed.contains(id); };
  for (;;) {
    if (self.role == Role::worker) {
      for (const NodeId& server : ends) {
        if (stands(server)) continue;
        Message hello = message();
        hello.header.mutable_hello()->set_answer(false);
        transport->send(server, std::move(hello));
      }
    }
    const auto until = std::min(deadline, Clock::now() + kRepeat);
    changed.wait_until(lock, until, [&] { return std::all_of(ends.begin(), ends.end(), stands) || !failure.empty(); });
    if (!failure.empty()) throw Error(failure);
    std::erase_if(ends, stands);
    if (ends.empty()) return;
    if (Clock::now() < deadline) continue;

    const std::string waited = seconds_text(std::chrono::duration<double>(deadline - start).count());
    const NodeId first = ends.front();
    if (self.role == Role::server) throw Error("no connection from " + names_of(ends) + " within " + waited);
    throw Error("no answer from " + name_of(first) + " at " + to_string(peers.at(first).endpoint) + " within " +
                waited + " (on that node: DMLC_NODE_HOST, DMLC_INTERFACE, PORT)");
  }
}

void Member::Impl::start_heart() {
  if (plane.heartbeat_timeout.count() <= 0) return;
  Heart::Options options;
  options.scheduler = {plane.scheduler_host, plane.scheduler_port};
  options.interval = plane.heartbeat_interval;
  options.timeout = plane.heartbeat_timeout;
  options.heard = [this] {
    const std::lock_guard lock(mutex);
    std::vector<NodeId> ids(heard.begin(), heard.end());
    heard.clear();
    return ids;
  };
  options.on_silence = [this](double silent) { lose_scheduler(silent); };
  const std::lock_guard lock(mutex);
  options.self = self;
  heart = std::make_unique<Heart>(std::move(options), transport->sibling());
}

void Member::Impl::close(const std::string& reason) {
  std::unique_ptr<Heart> last_heart;
  {
    const std::lock_guard lock(mutex);
    if (closed) return;
    closed = true;
    changed.notify_all();
    last_heart = std::move(heart);
    // One who has registered without a roster is known to the scheduler by its route.
    if (have_roster || registered) {
      Message farewell = message();
      farewell.header.mutable_leave()->set_reason(reason);
      transport->send(kScheduler, std::move(farewell));
    } else if (receiver.joinable()) {
      transport->disconnect(kScheduler);  // it never answered: nothing to flush
    }
  }
  last_heart.reset();
  transport->stop();
  if (receiver.joinable()) receiver.join();
}

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
void Member::on_lost(LostHandler handler) {
  impl_->on_lost = std::move(handler);
}
void Member::on_failure(std::function<void(const std::string&)> handler) {
  impl_->on_failure = std::move(handler);
}
void Member::on_workers_left(std::function<void()> handler) {
  impl_->on_workers_left = std::move(handler);
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
  const std::lock_guard lock(impl_->mutex);
  return impl_->self;
}
int Member::num_servers() const {
  return impl_->plane.num_servers;
}
int Member::num_workers() const {
  return impl_->plane.num_workers;
}

std::string Member::name_of(NodeId peer) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->name_of(peer);
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
  if (impl.self.role == Role::server ? !servers : !workers) {
    throw Error("barrier " + name + ": " + to_string(impl.self) + " is not one of those it is for");
  }
  const Barriers::Barrier barrier{name, group, ++impl.barriers_entered[{name, group}]};
  const auto start = Clock::now();
  // The names of those who are awaited have to be here by the deadline.
  const auto query_at = deadline - std::min<Clock::duration>(kRepeat, (deadline - start) / 2);
  for (bool queried = false;;) {
    const bool query = !queried && Clock::now() >= query_at;
    Message request = impl.message();
    request.header.mutable_barrier()->set_name(name);
    request.header.mutable_barrier()->set_group(group);
    request.header.mutable_barrier()->set_generation(barrier.generation);
    impl.transport->send(kScheduler, request);
    if (query) {
      request.header.mutable_barrier()->set_query(true);
      impl.transport->send(kScheduler, std::move(request));
      queried = true;
    }
    const auto until = std::min(queried ? deadline : query_at, Clock::now() + kRepeat);
    impl.changed.wait_until(
        lock, until, [&] { return impl.barriers_released.contains(barrier) || !impl.failure.empty() || impl.closed; });
    if (impl.barriers_released.erase(barrier) > 0) {
      impl.barriers_awaited.erase(barrier);
      return;
    }
    if (!impl.failure.empty()) throw Error("barrier " + name + ": " + impl.failure);
    if (impl.closed) throw Error("barrier " + name + ": this node has left");
    if (Clock::now() < deadline) continue;

    const auto awaited = impl.barriers_awaited.extract(barrier);
    const std::string waited = seconds_text(std::chrono::duration<double>(deadline - start).count());
    throw Error("barrier " + name + ": " +
                (awaited.empty() ? "no answer from the " + impl.name_of(kScheduler)
                                 : "still waiting for " + impl.names_of(awaited.mapped())) +
                " after " + waited);
  }
}

bool Member::wait_until_workers_left(Clock::time_point deadline) {
  Impl& impl = *impl_;
  std::unique_lock lock(impl.mutex);
  impl.changed.wait_until(lock, deadline,
                          [&] { return impl.all_workers_left() || !impl.failure.empty() || impl.closed; });
  if (impl.all_workers_left()) return true;
  if (!impl.failure.empty()) throw Error(impl.failure);
  return false;
}

bool Member::workers_left() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->all_workers_left();
}

void Member::leave() {
  impl_->close("");
}
void Member::fail(const std::string& reason) {
  impl_->close(reason.empty() ? "no reason given" : reason);
}

std::string Member::failure() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->failure;
}

Transport& Member::transport() {
  return *impl_->transport;
}

}  // namespace geomx::ps
