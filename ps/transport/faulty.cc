#include "ps/transport/faulty.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "ps/config/error.h"
#include "ps/transport/wire.h"

namespace geomx::ps {
namespace {

class FaultyTransport : public Transport {
 public:
  FaultyTransport(std::unique_ptr<Transport> inner, const Faults& faults)
      : inner_(std::move(inner)),
        faults_(faults),
        delays_(faults.delay.count() > 0 || faults.jitter.count() > 0 || faults.rate > 0),
        random_(faults.seed) {
    if (delays_) late_ = std::thread([this] { send_late(); });
  }
  ~FaultyTransport() override { shut(); }

  Endpoint bind(const Endpoint& wanted) override { return inner_->bind(wanted); }
  void connect(NodeId peer, const Endpoint& endpoint) override { inner_->connect(peer, endpoint); }
  void adopt(NodeId peer, const std::string& route) override { inner_->adopt(peer, route); }
  void disconnect(NodeId peer) override { inner_->disconnect(peer); }
  void send(NodeId peer, Message message) override {
    pass([this, peer](Message late) { inner_->send(peer, std::move(late)); }, std::move(message));
  }
  void reply(const std::string& route, Message message) override {
    pass([this, route](Message late) { inner_->reply(route, std::move(late)); }, std::move(message));
  }
  std::optional<Received> receive(Clock::time_point deadline) override { return inner_->receive(deadline); }
  using Transport::stop;
  void stop(std::optional<std::chrono::milliseconds> at_most) override { shut(at_most); }
  std::unique_ptr<Transport> sibling() const override {
    Faults faults = faults_;
    ++faults.seed;
    return make_faulty(inner_->sibling(), faults);
  }
  Counters counters() const override { return inner_->counters(); }

 private:
  using Send = std::function<void(Message)>;
  struct Late {
    Clock::time_point due;
    Send send;
    Message message;
  };

  void pass(const Send& send, Message message) {
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    const double lot = std::uniform_real_distribution<>(0, 1)(random_);
    const int copies = lot < faults_.drop ? 0 : lot < faults_.drop + faults_.duplicate ? 2 : 1;
    if (!delays_) {
      lock.unlock();
      for (int i = 1; i < copies; ++i) send(message);
      if (copies > 0) send(std::move(message));
      return;
    }
    const std::chrono::microseconds extra(
        std::uniform_int_distribution<std::chrono::microseconds::rep>(0, faults_.jitter.count())(random_));
    // Never before one that was sent earlier.
    const auto now = Clock::now();
    if (faults_.rate > 0) {
      const auto bytes = static_cast<double>(message.header.ByteSizeLong() + frame_bytes(message)) * copies;
      const std::chrono::duration<double> takes(bytes / faults_.rate);
      free_ = std::max(free_, now) + std::chrono::duration_cast<Clock::duration>(takes);
    }
    last_due_ = std::max(last_due_, std::max(free_, now) + faults_.delay + extra);
    for (int i = 0; i < copies; ++i) queue_.push_back({last_due_, send, message});
    queued_.notify_one();
  }

  void send_late() {
    std::unique_lock lock(mutex_);
    for (;;) {
      queued_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;  // stopping, and all has been sent
      const auto due = queue_.front().due;
      if (!stopping_ && Clock::now() < due) {
        queued_.wait_until(lock, due, [&] { return stopping_; });
        continue;
      }
      Late late = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      try {
        late.send(std::move(late.message));
      } catch (const Error&) {
        // There is nobody here to tell: to the sender, its message is lost.
      }
      lock.lock();
    }
  }

  void shut(std::optional<std::chrono::milliseconds> at_most = {}) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    queued_.notify_all();
    {
      const std::lock_guard lock(joining_);
      if (late_.joinable()) late_.join();
    }
    inner_->stop(at_most);
  }

  std::unique_ptr<Transport> inner_;
  const Faults faults_;
  const bool delays_;
  std::mutex mutex_;
  std::condition_variable queued_;
  std::mt19937_64 random_;
  std::deque<Late> queue_;
  Clock::time_point last_due_{};
  Clock::time_point free_{};  // when the link has sent what came before
  bool stopping_ = false;
  std::mutex joining_;
  std::thread late_;
};

}  // namespace

std::unique_ptr<Transport> make_faulty(std::unique_ptr<Transport> inner, const Faults& faults) {
  return std::make_unique<FaultyTransport>(std::move(inner), faults);
}

}  // namespace geomx::ps
