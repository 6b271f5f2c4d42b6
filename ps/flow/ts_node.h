#pragma once

#include <chrono>
#include <compare>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ps/config/flow_config.h"
#include "ps/flow/chunk_in_round.h"
#include "ps/membership/member.h"

namespace geomx::ps {

// TSEngine's half at a worker (the other is matchmaker.h): a push does not go to its server at once. The worker asks
// the scheduler, and is told to which other worker, or, where it has the gradients of all, that it may send to the
// server. What others send is added to its own, in fp32, and it asks again. The server's answer goes back the way by
// which the gradients came: whoever has an answer gives it to those whose gradients it has taken, the last first,
// because it has brought most. So a server exchanges one message with its workers, and not one with each.
//
// Faults. When another worker is lost, what it had of others is gone, and nobody knows of whose: so every push that is
// not answered goes to its server by itself, too, and so it does when it is sent once more because its server is back.
// Pushes say whose gradients they hold (proto::Data.summed), so that the server adds each up once (sync/fsa.h). What a
// worker cannot add any more, because it has passed its own on, it declines, and the sender asks the scheduler anew; a
// question that is not answered is repeated.
//
// How long a message to another worker took, until that has it, by the wall clock, tells the link's throughput.
//
// Threading: any. `deliver` is called on a thread of this object's own until stop() has returned. The memory of a push
// must stay until its answer has been delivered. Errors: Error where it cannot listen.
class TsNode {
 public:
  using Deliver = std::function<void(NodeId from, const Message& message)>;

  // `member` outlives it. `contributors`: pushes of which a round of a chunk is made.
  TsNode(Member& member, const FlowConfig::Ts& config, std::uint32_t contributors, Deliver deliver);
  ~TsNode();
  TsNode(const TsNode&) = delete;
  TsNode& operator=(const TsNode&) = delete;

  // Whether it is for TSEngine: a push of fp32.
  static bool takes(const Message& message);
  void send(NodeId server, Message push);
  void take_match(const proto::Match& match);
  // A message from a server: if it answers a push, those whose gradients were in it get it, too.
  void pass_on(const Message& answer);
  // Another worker is lost.
  void lose(NodeId worker);
  // Answers that are on their way to others get there, within a bounded time.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Child {
    NodeId node;
    std::string route;
    std::uint64_t request = 0;  // its own
  };
  struct Held {
    NodeId server;
    Message own;
    Message push;                      // the own, and all that has been added to it
    std::shared_ptr<float[]> sum;      // where there is more than the own
    std::set<std::uint32_t> summed{};  // ranks
    bool passed_on = false;            // nothing can be added any more
    Clock::time_point since{};
    Clock::time_point asked{};  // the scheduler, last
    std::vector<Child> children{};
  };
  struct Sent {
    NodeId to;
    std::optional<ChunkInRound> push;  // else it is an answer
    std::size_t bytes = 0;
    Clock::time_point at;
  };

  static ChunkInRound place_of(const proto::Data& data);
  // With the mutex held:
  void ask(const ChunkInRound& place, Held& held, bool again = false);
  void ask_again();
  void send_alone(const Held& held);
  void add_up(Held& held, const Message& message);
  void take_acknowledgement(NodeId from, const proto::Data& data);
  void serve();
  void handle(const Message& message, const std::string& route);
  void add(NodeId from, const Message& message, const std::string& route);
  void take_answer(NodeId from, const Message& message);
  void acknowledge(NodeId from, const std::string& route, std::uint64_t number, bool declined = false);
  // Numbers a message to another worker, so that its time can be taken; with the mutex held.
  void number(NodeId to, Message& message, std::optional<ChunkInRound> push = {});
  void stamp(Message& message) const;
  // Takes the push that has this answer out, and answers its children. Nothing where there is none.
  std::vector<Held> finish(const Message& answer);

  Member& member_;
  const FlowConfig::Ts config_;
  const std::uint32_t contributors_;
  const Clock::duration patience_;  // with others that are alive
  const Deliver deliver_;
  const std::unique_ptr<Transport> transport_;  // among workers
  Endpoint listening_;

  std::mutex mutex_;
  std::condition_variable acknowledged_;  // something in sent_
  // Guarded by mutex_:
  std::map<ChunkInRound, Held> held_;
  std::map<std::uint64_t, ChunkInRound> places_;  // by request
  std::set<NodeId> connected_;
  std::map<std::uint64_t, Sent> sent_;  // by number
  std::uint64_t last_number_ = 0;
  std::vector<proto::Throughput> measured_;  // since the last question
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace geomx::ps
