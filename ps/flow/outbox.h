#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "ps/flow/window.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// What waits for one peer, the most urgent first, and what is on its way there. Pure: it neither sends nor reads a
// clock.
//
// Threading: one thread at a time.
class Outbox {
 public:
  using Clock = Window::Clock;

  explicit Outbox(std::size_t slice_bytes) : window_(slice_bytes) {}

  // `priority`: the smaller goes first; equal ones in the order in which they came.
  void put(std::uint32_t priority, Message message);
  // The next to send, if the window allows: its header bears the number by which it is to be acknowledged.
  std::optional<Message> take(Clock::time_point now);
  // The peer has got the message with that number; a number that is not awaited (any more) changes nothing.
  void acknowledged(std::uint64_t number, Clock::time_point now);

  // Takes out what still waits and is meant.
  std::vector<Message> withdraw(const std::function<bool(const Message&)>& meant);
  // Drops what waits.
  void clear() { queue_.clear(); }

  std::size_t waiting() const { return queue_.size(); }
  const Window& window() const { return window_; }

 private:
  struct Sent {
    std::size_t bytes = 0;
    Clock::time_point at;
  };
  // A message or its acknowledgement may have been lost with a connection: it must not hold up the others for ever.
  void forget_stale(Clock::time_point now);

  Window window_;
  std::multimap<std::uint32_t, Message> queue_;
  std::map<std::uint64_t, Sent> in_flight_;  // by number, which is by age
  std::uint64_t last_number_ = 0;
};

}  // namespace geomx::ps
