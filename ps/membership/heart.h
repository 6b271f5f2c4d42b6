#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "ps/transport/transport.h"

namespace geomx::ps {

// A member's heartbeat to its scheduler, on a transport and a thread of its own: neither tensors in a queue nor a busy
// handler can delay it. The scheduler echoes; its silence is noticed here.
//
// Threading: the callbacks run on the heart's thread, which the destructor joins. sign() may be called from any thread.
class Heart {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  struct Options {
    NodeId self;
    Endpoint scheduler;
    Seconds interval{2};
    Seconds timeout{15};
    std::function<std::vector<NodeId>()> heard;  // who has sent something since the last call
    // When the scheduler has been silent for the timeout, once for each time that it falls silent.
    std::function<void(double silent_seconds)> on_silence;
    // At each heartbeat to which it answers that it does not know this node.
    std::function<void()> on_unknown{};
    std::function<std::uint32_t()> incarnation{};
  };

  Heart(Options options, std::unique_ptr<Transport> transport);
  ~Heart();
  Heart(const Heart&) = delete;
  Heart& operator=(const Heart&) = delete;

  bool silent() const { return silent_.load(); }
  void sign();  // the scheduler was heard elsewhere: it lives

 private:
  void beat();

  Options options_;
  std::unique_ptr<Transport> transport_;
  std::atomic<Clock::rep> last_sign_;
  std::atomic<bool> silent_{false};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace geomx::ps
