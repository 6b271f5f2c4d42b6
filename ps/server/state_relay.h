#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "ps/membership/member.h"
#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// Between the workers of a party and ESync's state server, which is in the scheduler of the global plane: passes
// reports on, and answers back.
//
// Threading: any. A scheduler that begins anew is asked again. An answer that never comes is missed by the worker,
// whose wait has a deadline.
class StateRelay {
 public:
  using Answered = std::function<void(const proto::State& state)>;

  // Before the member joins: takes its handlers, which do nothing once the relay has gone.
  explicit StateRelay(Member& global);
  ~StateRelay();
  StateRelay(const StateRelay&) = delete;
  StateRelay& operator=(const StateRelay&) = delete;

  void ask(proto::State state, Answered answered);
  // Whom an answer that has not come is awaited from, for people.
  std::string awaited() const { return "the state server, in the " + global_.name_of(kScheduler); }

 private:
  struct Asked {
    proto::State state;
    Answered answered;
  };
  struct Waiting {
    std::mutex mutex;
    std::uint64_t last = 0;
    std::map<std::uint64_t, Asked> asked;  // by token
  };
  static void send(Member& global, const proto::State& state);
  static void send_again(Member& global, Waiting& waiting);

  Member& global_;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace geomx::ps
