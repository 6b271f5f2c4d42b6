#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ps/membership/barriers.h"
#include "ps/membership/messages.h"
#include "ps/membership/registry.h"
#include "ps/membership/scheduler.h"

// What a Scheduler is inside. Registration and running are in scheduler.cc; who is lost and who returns, and a
// scheduler that begins anew in the middle of a job, in scheduler_presence.cc.
namespace geomx::ps {

// What a scheduler says.
Message scheduler_message();
Message refusal(const std::string& why);

struct Scheduler::Impl {
  Impl(const PlaneConfig& config, std::unique_ptr<Transport> carrier, Log listener)
      : plane(config), transport(std::move(carrier)), log(std::move(listener)), registry(config) {}

  PlaneConfig plane;
  std::unique_ptr<Transport> transport;
  Log log;
  std::function<proto::State(const proto::State&)> on_state;
  std::function<Matches(NodeId, const proto::Ask&)> on_ask;
  std::function<void(const Presence&)> on_presence;
  std::optional<Endpoint> endpoint;
  Registry registry;
  std::optional<Barriers> barriers;               // once the plane is complete
  std::map<NodeId, Clock::time_point> last_sign;  // of life: from the node, or from one who has heard of it
  std::map<NodeId, Clock::time_point> last_beat;  // from itself
  std::set<NodeId> present;
  std::map<NodeId, Clock::time_point> lost;             // since when
  std::map<std::string, Clock::time_point> first_seen;  // by nonce: who would take the place of one that is present
  std::set<std::string> told;                           // nonces of those who know that the plane cannot start
  std::atomic<bool> stopping{false};
  std::mutex mutex;
  std::string failure;  // why it is to end; guarded by the mutex

  // registration
  void take_registration(const proto::Header& header, const std::string& route);
  void complete_plane();
  void take_latecomer(const proto::Register& request, const std::string& route);
  void take_claim(const proto::Register& request, const std::string& route);
  void restore(const proto::Register& request);
  void give_place(NodeId id, const proto::Register& request, const std::string& route);
  void adopt(const Registry::Node& node);
  void send_roster(const Registry::Node& node);
  [[noreturn]] void give_up(const std::string& why, Clock::duration grace);

  // life
  void handle(const Transport::Received& received);
  void take_heartbeat(NodeId from, const proto::Heartbeat& heartbeat, const std::string& route);
  void take_word(NodeId from, const proto::Header& header);
  void take_barrier(NodeId from, const proto::Barrier& request);
  void release(const std::vector<Barriers::Release>& releases);
  void take_state(NodeId from, const proto::State& report);
  void take_ask(NodeId from, const proto::Ask& ask);
  void take_leave(NodeId from, const std::string& reason);
  void check_silence();
  void lose(NodeId who, double silent_seconds);
  void tell_presence(const Presence& presence) const {
    if (on_presence) on_presence(presence);
  }
  proto::Lost tell_lost(NodeId who, const std::string& name, double silent_seconds, const std::string& reason);
  [[noreturn]] void end(const proto::Lost& lost);
  bool is_over(Clock::time_point now) const;
  Clock::duration half_interval() const;
  void end_as_told();

  Clock::duration tick() const;
  void say(const std::string& line) const {
    if (log) log(kDetails, line);
  }
  std::string registered_text() const {
    return std::to_string(registry.count(Role::server)) + " of " + std::to_string(plane.num_servers) + " servers, " +
           std::to_string(registry.count(Role::worker)) + " of " + std::to_string(plane.num_workers) + " workers";
  }
  std::string name_of(NodeId id) const {
    const Registry::Node* node = registry.find(id);
    return describe(id, node == nullptr ? "" : node->name);
  }
};

}  // namespace geomx::ps
