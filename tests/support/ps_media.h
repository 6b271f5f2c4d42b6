#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ps/config/error.h"
#include "ps/transport/faulty.h"
#include "ps/transport/inproc.h"
#include "ps/transport/zmq_transport.h"

// The networks that a test of the parameter server runs on.
namespace geomx::ps::testing {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

inline Clock::time_point in(Clock::duration duration) {
  return Clock::now() + duration;
}
inline Clock::time_point soon() {
  return in(std::chrono::seconds(10));
}  // no test waits for it unless it fails

// A network on which any number of nodes can be made.
struct Medium {
  std::string name;
  std::function<std::unique_ptr<Transport>()> node;
};

inline Medium inproc_medium() {
  auto network = InprocNetwork::make();
  return {"inproc", [network] { return network->transport(); }};
}
inline Medium zmq_medium() {
  return {"zmq", [] { return make_zmq_transport(); }};
}
// Every node has its own faults, from the seed and the order in which the nodes are made.
inline Medium faulty_medium(const Medium& inner, Faults faults) {
  auto next = std::make_shared<std::atomic<std::uint64_t>>(faults.seed);
  return {"faulty_" + inner.name, [inner, faults, next] {
            Faults mine = faults;
            mine.seed = next->fetch_add(1000);
            return make_faulty(inner.node(), mine);
          }};
}
// A switch that cuts a node off without a word, as kill -9 would: what is sent is gone. Or that holds what is sent,
// both ways, until it is released, as TCP does across a link that is down for a while.
class Cut {
 public:
  void cut() { set(Way::cut); }
  void heal() { set(Way::open); }
  void hold() { set(Way::held); }
  void release() {
    const std::lock_guard lock(state_->mutex);
    state_->way = Way::open;
    for (const auto& send : std::exchange(state_->held, {})) send();
    state_->changed.notify_all();
  }
  // The medium of one node that this switch cuts.
  Medium on(const Medium& medium) const {
    return {medium.name, [medium, state = state_] { return std::make_unique<Wire>(medium.node(), state); }};
  }

 private:
  enum class Way { open, cut, held };
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    // Guarded by the mutex:
    Way way = Way::open;
    std::vector<std::function<void()>> held{};
  };

  void set(Way way) {
    const std::lock_guard lock(state_->mutex);
    state_->way = way;
  }

  class Wire : public Transport {
   public:
    Wire(std::shared_ptr<Transport> inner, std::shared_ptr<State> state)
        : inner_(std::move(inner)), state_(std::move(state)) {}
    Endpoint bind(const Endpoint& wanted) override { return inner_->bind(wanted); }
    void connect(NodeId peer, const Endpoint& endpoint) override { inner_->connect(peer, endpoint); }
    void adopt(NodeId peer, const std::string& route) override { inner_->adopt(peer, route); }
    void disconnect(NodeId peer) override { inner_->disconnect(peer); }
    void send(NodeId peer, Message message) override {
      when_open([inner = inner_, peer, message = std::move(message)] { inner->send(peer, message); });
    }
    void reply(const std::string& route, Message message) override {
      when_open([inner = inner_, route, message = std::move(message)] { inner->reply(route, message); });
    }
    std::optional<Received> receive(Clock::time_point deadline) override {
      for (;;) {
        auto received = inner_->receive(deadline);
        if (!received) return received;
        std::unique_lock lock(state_->mutex);
        state_->changed.wait(lock, [&] { return state_->way != Way::held; });
        if (state_->way == Way::open) return received;
      }
    }
    using Transport::stop;
    void stop(std::optional<milliseconds> at_most) override { inner_->stop(at_most); }
    std::unique_ptr<Transport> sibling() const override {
      return std::make_unique<Wire>(std::shared_ptr<Transport>(inner_->sibling()), state_);
    }
    Counters counters() const override { return inner_->counters(); }

   private:
    void when_open(const std::function<void()>& send) {
      {
        const std::lock_guard lock(state_->mutex);
        if (state_->way == Way::held) state_->held.push_back(send);
        if (state_->way != Way::open) return;
      }
      send();
    }

    const std::shared_ptr<Transport> inner_;
    const std::shared_ptr<State> state_;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

inline Medium medium(const std::string& name) {
  if (name == "inproc") return inproc_medium();
  if (name == "zmq") return zmq_medium();
  if (name == "delayed") {
    return faulty_medium(inproc_medium(), {.delay = milliseconds(3), .jitter = milliseconds(4)});
  }
  throw Error("no medium is called " + name);
}
inline std::vector<std::string> all_media() {
  return {"inproc", "zmq", "delayed"};
}

}  // namespace geomx::ps::testing
