#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ps/membership/barriers.h"
#include "ps/membership/heart.h"
#include "ps/membership/member.h"
#include "ps/membership/messages.h"

// What a Member is inside. The public calls are in member.cc, joining and leaving in member_join.cc, and what the
// receive thread does in member_receive.cc.
namespace geomx::ps {

// How often a request to the scheduler is repeated: TCP loses nothing, but a connection that breaks may.
inline constexpr Member::Clock::duration kRepeat = std::chrono::milliseconds(500);

struct Member::Impl {
  Impl(const PlaneConfig& config, std::unique_ptr<Transport> carrier) : plane(config), transport(std::move(carrier)) {}

  struct Peer {
    std::string name;
    Endpoint endpoint;
    std::atomic<bool> greeted{false};  // the road to it stands
    std::atomic<bool> heard{false};    // since the last heartbeat
  };

  PlaneConfig plane;
  std::unique_ptr<Transport> transport;
  const int exceptions_at_birth = std::uncaught_exceptions();

  DataHandler on_data;
  std::function<void(const std::string&)> on_failure;
  std::function<void(NodeId)> on_departed;
  std::function<void(const proto::State&)> on_state;
  std::function<void(const proto::Match&)> on_match;

  // Written by the receive thread before have_roster and never again: read without the mutex by whoever has seen that.
  NodeId self_id{};
  std::map<NodeId, Peer> peers;
  std::atomic<bool> have_roster{false};

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> closed{false};  // set with the mutex held
  // Guarded by the mutex:
  std::optional<proto::Registered> registered;
  std::set<NodeId> departed;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> barriers_entered;
  struct Wait {
    bool released = false;
    std::optional<std::vector<NodeId>> awaited;  // where the scheduler was asked
  };
  std::map<Barriers::Barrier, Wait> barriers;  // in which this node waits
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
  void set_failure(const std::string& why);
  void lose_scheduler(double silent_seconds);

  // the callers' threads
  void start(Clock::time_point deadline);
  void await_roster(Clock::time_point start, Clock::time_point deadline);
  void await_roads(Clock::time_point start, Clock::time_point deadline);
  void start_heart();
  void close(const std::string& reason, std::optional<std::chrono::milliseconds> at_most = {});

  NodeId self() const { return have_roster.load() ? self_id : NodeId{}; }
  // Null before the roster, and for strangers.
  Peer* peer_of(NodeId id) {
    const auto peer = have_roster.load() ? peers.find(id) : peers.end();
    return peer == peers.end() ? nullptr : &peer->second;
  }

  Message message() const {
    Message message;
    message.header.set_version(kProtocolVersion);
    message.header.set_sender(have_roster.load() ? self_id.packed() : 0);
    return message;
  }
  // Roads exist between servers and workers.
  bool has_road(NodeId peer) const { return peer.role != Role::scheduler && peer.role != self().role; }
  std::string name_of(NodeId id) const {
    if (id == kScheduler) return scheduler_name(plane);
    const auto peer = have_roster.load() ? peers.find(id) : peers.end();
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

}  // namespace geomx::ps
