#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "ps/config/node_config.h"
#include "ps/transport/transport.h"

namespace geomx::ps {

// One node's membership in one plane: registration with the plane's scheduler, the roster, barriers, heartbeats, and the
// road for data messages. A worker has one (its party); a party server has two (server of its party, worker of the global
// plane). The scheduler itself is scheduler.h.
//
// Threading: one receive thread per Member, owned and joined by it; handlers run on that thread and must not block on
// this member. send() may be called from any thread.
class Member {
 public:
  using Clock = std::chrono::steady_clock;
  using DataHandler = std::function<void(NodeId from, Message message)>;
  using LostHandler = std::function<void(NodeId who, const std::string& name)>;

  Member(const PlaneConfig& plane, std::unique_ptr<Transport> transport);
  ~Member();  // leaves if it has joined
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  // Both before join(). A data message is one whose header has `data`.
  void on_data(DataHandler handler);
  void on_lost(LostHandler handler);

  // Registers and waits until all of the plane have. Throws Error at the deadline ("no answer from the scheduler at
  // 10.1.0.2:9093 within 10 s (DMLC_PS_ROOT_URI, DMLC_PS_ROOT_PORT)", or who is still awaited) or where the scheduler refuses.
  void join(Clock::time_point deadline);

  NodeId self() const;
  int num_servers() const;
  int num_workers() const;
  std::string name_of(NodeId peer) const;  // for messages to people: "server 0 (a-server-0)"

  void send(NodeId to, Message message);  // fills version and sender

  // Waits until all servers and/or workers of the plane have called barrier(name) with the same group. Throws Error at the deadline,
  // naming who is awaited, or when a member of the group is lost.
  void barrier(const std::string& name, bool servers, bool workers, Clock::time_point deadline);

  // Orderly departure: tells the scheduler, flushes what was sent, stops the threads.
  void leave();

  // Set when the plane can no longer work: a peer lost, the scheduler gone, a refusal. Empty: all is well.
  std::string failure() const;

  Transport& transport();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
