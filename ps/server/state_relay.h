#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "ps/membership/member.h"
#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// Between the workers of a party and ESync's state server, which is in the scheduler of the global plane: passes
// reports on, and answers back.
//
// Threading: any. An answer that never comes is missed by the worker, whose wait has a deadline.
class StateRelay {
 public:
  using Answered = std::function<void(const proto::State& state)>;

  // Before the member joins: takes its handler, which does nothing once the relay has gone.
  explicit StateRelay(Member& global);
  ~StateRelay();
  StateRelay(const StateRelay&) = delete;
  StateRelay& operator=(const StateRelay&) = delete;

  void ask(proto::State state, Answered answered);

 private:
  struct Waiting {
    std::mutex mutex;
    std::uint64_t last = 0;
    std::map<std::uint64_t, Answered> asked;  // by token
  };
  Member& global_;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace geomx::ps
