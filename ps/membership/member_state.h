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

// What a Member is inside. The public calls are in member.cc, joining and leaving in member_join.cc, what the receive
// thread does in member_receive.cc, and who is lost and comes back in member_return.cc.
namespace geomx::ps {

// How often a request to the scheduler is repeated: TCP loses nothing, but a connection that breaks may.
inline constexpr Member::Clock::duration kRepeat = std::chrono::milliseconds(500);

struct Member::Impl {
  Impl(const PlaneConfig& config, std::unique_ptr<Transport> carrier) : plane(config), transport(std::move(carrier)) {}

  struct Peer {
    // Guarded by `naming`:
    proto::Peer who;
    // Guarded by the mutex:
    std::uint32_t incarnation = 0;
    bool anew = false;  // the road to it is being built again

    std::atomic<bool> greeted{false};  // the road to it stands
    std::atomic<bool> heard{false};    // since the last heartbeat
  };

  PlaneConfig plane;
  std::unique_ptr<Transport> transport;
  const int exceptions_at_birth = std::uncaught_exceptions();

  DataHandler on_data;
  std::function<void(const std::string&)> on_failure;
  std::function<void(NodeId)> on_departed;
  std::function<void(NodeId, const std::string&)> on_lost;
  std::function<void(NodeId)> on_returned;
  std::function<void()> on_reclaimed;
  std::function<void(const std::string&)> on_notice;
  std::function<void(const proto::State&)> on_state;
  std::function<void(const proto::Match&)> on_match;

  // Written by the receive thread before have_roster and never again (of a peer: that it exists): read without the
  // mutex by whoever has seen that.
  NodeId self_id{};
  std::map<NodeId, Peer> peers;
  std::atomic<bool> have_roster{false};
  bool took_place = false;
  std::atomic<bool> expelled{false};          // another process has this node's place
  std::atomic<std::uint32_t> incarnation{0};  // of this node
  std::atomic<bool> building{false};          // there are roads whose other end has not answered yet
  mutable std::mutex naming;                  // may be taken with the mutex held
  Clock::time_point next_hello;               // of the receive thread
  Clock::time_point claimed;                  // of the heart's thread: when the scheduler was connected anew

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> closed{false};  // set with the mutex held
  // Guarded by the mutex:
  std::optional<proto::Registered> registered;
  std::set<NodeId> departed;
  std::set<NodeId> lost;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> barriers_entered, barriers_passed;
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
  void take_roster_again(const proto::Roster& roster);
  void take_returned(const proto::Peer& peer);
  void take_hello(NodeId from, const proto::Hello& hello, const std::string& route);
  void take_data(NodeId from, Message message);
  void take_lost(const proto::Lost& lost);
  void take_departed(NodeId who);
  void take_barrier(const proto::Header& header);
  void set_failure(const std::string& why);
  void lose(NodeId who, const std::string& line);
  void rebuild_road(NodeId who, Peer& peer);  // with the mutex held
  void say_hello(NodeId server);
  void say_hello_again();
  // the heart's
  void lose_scheduler(double silent_seconds);
  void claim_place();

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
  proto::Peer who(NodeId id) const {
    const auto peer = have_roster.load() ? peers.find(id) : peers.end();
    if (peer == peers.end()) return {};
    const std::lock_guard lock(naming);
    return peer->second.who;
  }
  Endpoint endpoint_of(NodeId id) const {
    const proto::Peer peer = who(id);
    return {peer.host(), static_cast<int>(peer.port())};
  }
  std::string name_of(NodeId id) const {
    return id == kScheduler ? scheduler_name(plane) : describe(id, who(id).name());
  }
  void notice(const std::string& line) const {
    if (on_notice) on_notice(line);
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
