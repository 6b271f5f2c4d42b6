#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member_state.h"

namespace geomx::ps {
namespace {

constexpr std::chrono::milliseconds kLastWords{1000};

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

void Member::Impl::start(Clock::time_point deadline) {
  const auto start = Clock::now();
  Endpoint bound;
  if (plane.role == PlaneRole::server) {  // workers connect to servers; nobody connects to a worker
    try {
      bound = transport->bind({plane.bind_host, plane.port});
    } catch (const Error& error) {
      throw Error(std::string(error.what()) + (plane.port != 0 ? " (PORT=" + std::to_string(plane.port) + ")"
                                                               : " (DMLC_NODE_HOST, DMLC_INTERFACE)"));
    }
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
  request.set_heartbeat_interval(plane.heartbeat_interval.count());
  request.set_heartbeat_timeout(plane.heartbeat_timeout.count());
  request.set_resend_timeout(static_cast<std::uint32_t>(plane.resend_timeout.count()));
  registration = request;

  {
    const std::lock_guard lock(mutex);
    if (closed) throw Error("this node has left");
    receiver = std::thread([this] { receive(); });
  }
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
    changed.wait_until(lock, until, [&] { return have_roster || !failure.empty() || closed; });
    if (!failure.empty()) throw Error(failure);
    if (closed) throw Error("this node has left");
    if (have_roster) return;
    if (Clock::now() < deadline) continue;

    const double waited = std::chrono::duration<double>(deadline - start).count();
    const bool complete = registered && registered->servers() >= static_cast<std::uint32_t>(plane.num_servers) &&
                          registered->workers() >= static_cast<std::uint32_t>(plane.num_workers);
    if (complete) {
      throw Error("the " + scheduler_name(plane) + " has given this node no place within " + seconds_text(waited) +
                  ": a node with its role, slice and address may still be there (PS_HEARTBEAT_TIMEOUT, "
                  "GEOMX_JOIN_TIMEOUT)");
    }
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
    if (self_id.role == Role::worker) transport->connect(id, endpoint_of(id));
  }
  const auto stands = [&](NodeId id) {
    return peers.at(id).greeted.load() || departed.contains(id) || lost.contains(id);
  };
  for (;;) {
    if (self_id.role == Role::worker) {
      for (const NodeId& server : ends) {
        if (!stands(server)) say_hello(server);
      }
    }
    const auto until = std::min(deadline, Clock::now() + kRepeat);
    changed.wait_until(lock, until,
                       [&] { return std::all_of(ends.begin(), ends.end(), stands) || !failure.empty() || closed; });
    if (!failure.empty()) throw Error(failure);
    if (closed) throw Error("this node has left");
    std::erase_if(ends, stands);
    if (ends.empty()) return;
    if (Clock::now() < deadline) continue;

    const std::string waited = seconds_text(std::chrono::duration<double>(deadline - start).count());
    const NodeId first = ends.front();
    if (self_id.role == Role::server) throw Error("no connection from " + names_of(ends) + " within " + waited);
    throw Error("no answer from " + name_of(first) + " at " + to_string(endpoint_of(first)) + " within " + waited +
                " (on that node: DMLC_NODE_HOST, DMLC_INTERFACE, PORT)");
  }
}

void Member::Impl::start_heart() {
  if (plane.heartbeat_timeout.count() <= 0) return;
  Heart::Options options;
  options.scheduler = {plane.scheduler_host, plane.scheduler_port};
  options.interval = plane.heartbeat_interval;
  options.timeout = plane.heartbeat_timeout;
  options.heard = [this] {
    std::vector<NodeId> ids;
    for (auto& [id, peer] : peers) {
      if (peer.heard.exchange(false)) ids.push_back(id);
    }
    return ids;
  };
  options.on_silence = [this](double silent) { lose_scheduler(silent); };
  options.on_unknown = [this] { claim_place(); };
  options.incarnation = [this] { return incarnation.load(); };
  const std::lock_guard lock(mutex);
  if (closed) return;
  options.self = self_id;
  heart = std::make_unique<Heart>(std::move(options), transport->sibling());
}

void Member::Impl::close(const std::string& reason, std::optional<std::chrono::milliseconds> at_most) {
  std::unique_ptr<Heart> last_heart;
  {
    const std::lock_guard lock(mutex);
    if (closed) return;
    closed = true;
    changed.notify_all();
    // One who has registered without a roster is known to the scheduler by its route.
    if (have_roster || registered) {
      Message farewell = message();
      farewell.header.mutable_leave()->set_reason(reason);
      // The scheduler tells all; but there may be none, or one that has begun anew and knows nobody yet.
      for (const auto& [id, peer] : peers) {
        if (!expelled && has_road(id) && peer.greeted.load() && !departed.contains(id)) transport->send(id, farewell);
      }
      if (heart && heart->silent()) transport->disconnect(kScheduler);
      transport->send(kScheduler, std::move(farewell));
    } else if (receiver.joinable()) {
      transport->disconnect(kScheduler);  // it never answered: nothing to flush
    }
    last_heart = std::move(heart);
  }
  last_heart.reset();
  // After a failure the scheduler may have gone, too, and would never take the farewell.
  if (!reason.empty() && !at_most) at_most = kLastWords;
  transport->stop(at_most);
  if (receiver.joinable()) receiver.join();
}

}  // namespace geomx::ps
