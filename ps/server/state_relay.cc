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
      answered = std::move(found->second);
      waiting->asked.erase(found);
    }
    answered(state);
  });
}

StateRelay::~StateRelay() {
  const std::lock_guard lock(waiting_->mutex);
  waiting_->asked.clear();
}

void StateRelay::ask(proto::State state, Answered answered) {
  Message message;
  {
    const std::lock_guard lock(waiting_->mutex);
    state.set_token(++waiting_->last);
    waiting_->asked.emplace(state.token(), std::move(answered));
  }
  *message.header.mutable_state() = std::move(state);
  global_.send(kScheduler, std::move(message));
}

}  // namespace geomx::ps
