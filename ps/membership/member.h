#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ps/config/node_config.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

// One node's membership in one plane: registration with the plane's scheduler, the roster, barriers, heartbeats, and
// the road for data messages. A worker has one (its party); a party server has two (server of its party, worker of the
// global plane). The scheduler itself is scheduler.h.
//
//   Member member(*config.local, make_zmq_transport());
//   member.on_data([&](NodeId from, Message message) { ... });
//   member.join();
//   ... member.send(NodeId{Role::server, 0}, message) ...
//   member.leave();
//
// Faults. A peer that falls silent (PS_HEARTBEAT_TIMEOUT) is lost; the plane goes on, and what is sent to that peer
// goes nowhere. It may come back, as the same process (its link was cut) or as another one (it was started again): then
// it has the same id, and the road to it is built again. This node, too, may be given up by the others, and comes back
// by itself. A scheduler may end and begin anew: nothing but barriers, joining and coming back waits for it.
//
// Threading: one receive thread and one heartbeat thread per Member, owned and joined by it; handlers run on these and
// must not block on this member. Every other call may come from any thread. Roads exist between workers and servers,
// both ways, and to the scheduler.
class Member {
 public:
  using Clock = std::chrono::steady_clock;
  using DataHandler = std::function<void(NodeId from, Message message)>;

  Member(const PlaneConfig& plane, std::unique_ptr<Transport> transport);
  // Leaves if it has joined; while an exception is in flight it calls fail() first, so that nobody waits for this node.
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // All before join(). A data message is one whose header has `data`; on a server it may come before join() has
  // returned. What a handler throws becomes the plane's failure.
  void on_data(DataHandler handler);
  // Once, when failure() becomes non-empty: wake whoever waits.
  void on_failure(std::function<void(const std::string& why)> handler);
  // What the scheduler's state server answers (Scheduler::on_state).
  void on_state(std::function<void(const proto::State& state)> handler);
  // Where the scheduler's matchmaker tells this node to send something (Scheduler::on_ask).
  void on_match(std::function<void(const proto::Match& match)> handler);
  // Once for each peer that has left in good order.
  void on_departed(std::function<void(NodeId who)> handler);
  // A peer is lost; `line` says so to people. Also for those who are when this node joins.
  void on_lost(std::function<void(NodeId who, const std::string& line)> handler);
  // A peer is back, and the road to it stands. What was sent before may be lost, either way.
  void on_returned(std::function<void(NodeId who)> handler);
  // The scheduler counts this node among its own again: what was asked of it before may be lost.
  void on_reclaimed(std::function<void()> handler);
  // Lines for people: the scheduler falls silent, is there again.
  void on_notice(std::function<void(const std::string& line)> handler);

  // Registers and waits until all of the plane have, and until the roads to the peers stand. Throws Error at the
  // deadline
  // ("no answer from the local scheduler at 10.1.0.2:9093 within 10 s (DMLC_PS_ROOT_URI, DMLC_PS_ROOT_PORT)", or who is
  // still awaited) or where the scheduler refuses.
  void join(Clock::time_point deadline);
  void join();  // within the plane's join_timeout

  const PlaneConfig& plane() const;
  NodeId self() const;
  // This process has the place of another one, which was lost.
  bool took_place() const;
  Endpoint endpoint_of(NodeId peer) const;  // where it listens; without a host before join(), and of strangers
  int num_servers() const;
  std::string name_of(NodeId peer) const;  // for messages to people: "server 0 (a-server-0:812)"
  std::string roster() const;              // all of the plane, for people

  // Fills version and sender. What is sent to a peer that has left or is lost goes nowhere.
  void send(NodeId to, Message message);

  // Waits until all servers and/or workers of the plane have called barrier(name) with the same group. Throws Error at
  // the deadline, naming who is awaited, or when the plane has failed. Those who have left are not awaited.
  void barrier(const std::string& name, bool servers, bool workers, Clock::time_point deadline);

  // Orderly departure: tells the scheduler, flushes what was sent, stops the threads.
  void leave();
  // Departure in failure: all the plane is told the reason at once, and fails. What was sent before is flushed for
  // `at_most` so long, where it is given.
  void fail(const std::string& reason, std::optional<std::chrono::milliseconds> at_most = {});

  // Set when the plane can no longer work: a peer has failed and said so, a refusal. Empty: all is well.
  std::string failure() const;

  // A transport of one's own over the same medium.
  std::unique_ptr<Transport> sibling() const;

  Transport::Counters traffic() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
