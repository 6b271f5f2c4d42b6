#include "ps/server/state_relay.h"

#include <utility>

namespace geomx::ps {

StateRelay::StateRelay(Member& global) : global_(global), waiting_(std::make_shared<Waiting>()) {
  global.on_state([waiting = waiting_](const proto::State& state) {
    Answered answered;
    {
      const std::lock_guard lock(waiting->mutex);
      const auto found = waiting->asked.find(state.token());
      if (found == waiting->asked.end()) return;
      answered = std::move(found->second.answered);
      waiting->asked.erase(found);
    }
    answered(state);
  });
  global.on_reclaimed([&global, waiting = waiting_] { send_again(global, *waiting); });
}

StateRelay::~StateRelay() {
  const std::lock_guard lock(waiting_->mutex);
  waiting_->asked.clear();
}

void StateRelay::send(Member& global, const proto::State& state) {
  Message message;
  *message.header.mutable_state() = state;
  global.send(kScheduler, std::move(message));
}

void StateRelay::send_again(Member& global, Waiting& waiting) {
  const std::lock_guard lock(waiting.mutex);
  for (const auto& [token, asked] : waiting.asked) send(global, asked.state);
}

void StateRelay::ask(proto::State state, Answered answered) {
  {
    const std::lock_guard lock(waiting_->mutex);
    state.set_token(++waiting_->last);
    waiting_->asked.emplace(state.token(), Asked{state, std::move(answered)});
  }
  send(global_, state);
}

}  // namespace geomx::ps
