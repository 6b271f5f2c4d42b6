#include "ps/transport/resending.h"

#include <zlib.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ps/config/error.h"
#include "ps/transport/rejections.h"

namespace geomx::ps {
namespace {

using Clock = Transport::Clock;
using namespace std::chrono_literals;

constexpr int kMostPatience = 16;  // timeouts

std::uint32_t checksum_of(const Message& message) {
  proto::Header header = message.header;
  header.clear_checksum();
  const auto add = [](std::uint32_t sum, const void* data, std::size_t size) {
    return static_cast<std::uint32_t>(::crc32_z(sum, static_cast<const Bytef*>(data), size));
  };
  const std::string bytes = header.SerializeAsString();
  std::uint32_t sum = add(0, bytes.data(), bytes.size());
  for (const Buffer& frame : message.frames) sum = add(sum, frame.data(), frame.size());
  return sum == 0 ? 1 : sum;  // 0 is no checksum
}

bool is_whole(const Message& message) {
  // Of a node that does not resend, which shall be refused, or which refuses this one.
  const proto::Header& header = message.header;
  if (header.checksum() == 0) return header.has_register_() || header.has_refusal();
  return header.checksum() == checksum_of(message);
}

// Somebody sends it again anyway, or it is worth nothing later.
bool repeats_itself(const proto::Header& header) {
  return header.has_register_() || header.has_hello() || header.has_heartbeat() || header.has_acknowledgement();
}

std::uint64_t random_stream() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// What one peer has been sent and has not acknowledged.
struct Outbox {
  std::uint64_t stream = random_stream();
  std::string route;  // adopted
  std::uint64_t last = 0;
  std::map<std::uint64_t, Message> unacknowledged;  // by sequence
  Clock::time_point progress{};                     // or the last attempt
  Clock::duration patience{};
  Clock::time_point silent_since{};
  bool told = false;  // of its silence
};

// What has come of one stream.
struct Inbox {
  std::uint64_t through = 0;  // all up to this
  std::map<std::uint64_t, Transport::Received> early;
};

class ResendingTransport : public Transport {
 public:
  ResendingTransport(std::unique_ptr<Transport> inner, const ResendOptions& options)
      : inner_(std::move(inner)), options_(options), rejections_(options.log) {
    pump_ = std::thread([this] { pump(); });
  }
  ~ResendingTransport() override { shut({}); }

  Endpoint bind(const Endpoint& wanted) override { return inner_->bind(wanted); }

  void connect(NodeId peer, const Endpoint& endpoint) override {
    inner_->connect(peer, endpoint);
    const std::lock_guard lock(mutex_);
    outboxes_[peer] = fresh("");
  }

  void adopt(NodeId peer, const std::string& route) override {
    inner_->adopt(peer, route);
    const std::lock_guard lock(mutex_);
    const auto known = outboxes_.find(peer);
    // Said again of the same connection, or of one that we made.
    if (known != outboxes_.end() && (known->second.route == route || known->second.route.empty())) return;
    outboxes_[peer] = fresh(route);
  }

  void disconnect(NodeId peer) override {
    {
      const std::lock_guard lock(mutex_);
      outboxes_.erase(peer);
    }
    acknowledged_.notify_all();
    inner_->disconnect(peer);
  }

  void send(NodeId peer, Message message) override {
    if (!repeats_itself(message.header)) {
      const std::lock_guard lock(mutex_);
      const auto found = stopped_ ? outboxes_.end() : outboxes_.find(peer);
      if (found != outboxes_.end()) remember(found->second, message);
    }
    if (message.header.sequence() == 0) message.header.set_checksum(checksum_of(message));
    inner_->send(peer, std::move(message));
  }

  void reply(const std::string& route, Message message) override {
    message.header.set_checksum(checksum_of(message));
    inner_->reply(route, std::move(message));
  }

  std::optional<Received> receive(Clock::time_point deadline) override {
    std::unique_lock lock(mutex_);
    arrived_.wait_until(lock, deadline, [&] { return stopped_ || !ready_.empty(); });
    if (stopped_ || ready_.empty()) return std::nullopt;
    Received received = std::move(ready_.front());
    ready_.pop_front();
    return received;
  }

  using Transport::stop;
  void stop(std::optional<std::chrono::milliseconds> at_most) override { shut(at_most); }
  std::unique_ptr<Transport> sibling() const override { return make_resending(inner_->sibling(), options_); }
  Counters counters() const override {
    Counters counters = inner_->counters();
    counters.rejected += rejections_.count();
    return counters;
  }

 private:
  Outbox fresh(const std::string& route) const {
    Outbox outbox;
    outbox.route = route;
    outbox.patience = options_.timeout;
    return outbox;
  }

  // With the mutex held. The next of its stream, to be kept until it is acknowledged.
  static void remember(Outbox& outbox, Message& message) {
    for (Buffer& frame : message.frames) {
      if (!frame.owned()) frame = Buffer::copy_of(frame.data(), frame.size());
    }
    message.header.set_stream(outbox.stream);
    message.header.set_sequence(++outbox.last);
    if (outbox.unacknowledged.empty()) outbox.progress = outbox.silent_since = Clock::now();
    const auto oldest = outbox.unacknowledged.begin();
    message.header.set_oldest(oldest == outbox.unacknowledged.end() ? outbox.last : oldest->first);
    message.header.set_checksum(checksum_of(message));
    outbox.unacknowledged.emplace(outbox.last, message);
  }

  void pump() {
    const auto tick = std::clamp<Clock::duration>(options_.timeout / 4, 1ms, 250ms);
    for (auto next = Clock::now() + tick;;) {
      auto received = inner_->receive(next);
      if (stopped()) return;
      if (received) take(*std::move(received));
      if (Clock::now() < next) continue;
      resend();
      next = Clock::now() + tick;
    }
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

  void take(Received received) {
    proto::Header& header = received.message.header;
    if (!is_whole(received.message)) {
      rejections_.note("a message that has come spoilt: its checksum is another");
      return;
    }
    if (header.has_acknowledgement()) return take_acknowledgement(header.acknowledgement());
    const std::string route = received.route;
    Message answer;
    {
      const std::lock_guard lock(mutex_);
      if (header.sequence() == 0) {
        ready_.push_back(std::move(received));
        arrived_.notify_one();
        return;
      }
      last_numbered_ = Clock::now();
      Inbox& inbox = inboxes_[header.stream()];
      // What was acknowledged before this process began was taken by the one before it.
      inbox.through = std::max(inbox.through, std::max<std::uint64_t>(header.oldest(), 1) - 1);
      inbox.early.erase(inbox.early.begin(), inbox.early.upper_bound(inbox.through));
      proto::Acknowledgement& acknowledgement = *answer.header.mutable_acknowledgement();
      acknowledgement.set_stream(header.stream());
      acknowledgement.set_sequence(header.sequence());
      if (header.sequence() > inbox.through) inbox.early.try_emplace(header.sequence(), std::move(received));
      for (auto early = inbox.early.begin(); early != inbox.early.end() && early->first == inbox.through + 1;) {
        ready_.push_back(std::move(early->second));
        early = inbox.early.erase(early);
        ++inbox.through;
        arrived_.notify_one();
      }
      acknowledgement.set_through(inbox.through);
    }
    answer.header.set_version(kProtocolVersion);
    reply(route, std::move(answer));
  }

  void take_acknowledgement(const proto::Acknowledgement& acknowledgement) {
    const std::lock_guard lock(mutex_);
    for (auto& [peer, outbox] : outboxes_) {
      if (outbox.stream != acknowledgement.stream()) continue;
      auto& waiting = outbox.unacknowledged;
      waiting.erase(waiting.begin(), waiting.upper_bound(acknowledgement.through()));
      waiting.erase(acknowledgement.sequence());
      outbox.progress = outbox.silent_since = Clock::now();
      outbox.patience = options_.timeout;
      outbox.told = false;
      if (waiting.empty()) acknowledged_.notify_all();
    }
  }

  // To those who have been silent for too long.
  void resend() {
    std::vector<std::pair<NodeId, Message>> again;
    std::vector<std::string> silent;
    {
      const std::lock_guard lock(mutex_);
      const auto now = Clock::now();
      for (auto& [peer, outbox] : outboxes_) {
        if (outbox.unacknowledged.empty()) continue;
        if (!outbox.told && options_.silence.count() > 0 && now - outbox.silent_since >= options_.silence) {
          outbox.told = true;
          silent.push_back(to_string(peer) + " has acknowledged none of " +
                           std::to_string(outbox.unacknowledged.size()) + " messages for " +
                           std::to_string(options_.silence.count()) +
                           " ms: it does not read, or the connection to it is half open");
        }
        if (now - outbox.progress < outbox.patience) continue;
        const std::uint64_t oldest = outbox.unacknowledged.begin()->first;
        for (auto& [sequence, message] : outbox.unacknowledged) {
          if (message.header.oldest() != oldest) {
            message.header.set_oldest(oldest);
            message.header.set_checksum(checksum_of(message));
          }
          again.emplace_back(peer, message);
        }
        outbox.progress = now;
        outbox.patience = std::min<Clock::duration>(2 * outbox.patience, kMostPatience * options_.timeout);
      }
    }
    for (const std::string& line : silent) {
      if (options_.log) options_.log(kNecessary, line);
    }
    for (auto& [peer, message] : again) {
      try {
        inner_->send(peer, std::move(message));
      } catch (const Error&) {
        // The peer has been disconnected meanwhile: nobody waits for it any more.
      }
    }
  }

  void shut(std::optional<std::chrono::milliseconds> at_most) {
    {
      std::unique_lock lock(mutex_);
      const auto deadline = Clock::now() + at_most.value_or(options_.linger);
      const auto all_acknowledged = [&] {
        return stopped_ || std::all_of(outboxes_.begin(), outboxes_.end(),
                                       [](const auto& entry) { return entry.second.unacknowledged.empty(); });
      };
      acknowledged_.wait_until(lock, deadline, all_acknowledged);
      // Whoever has not heard that we have all repeats it.
      for (auto quiet = quiet_at(); !stopped_ && Clock::now() < std::min(quiet, deadline); quiet = quiet_at()) {
        acknowledged_.wait_until(lock, std::min(quiet, deadline), [&] { return stopped_; });
      }
      stopped_ = true;
    }
    arrived_.notify_all();
    acknowledged_.notify_all();
    inner_->stop(at_most);
    const std::lock_guard lock(joining_);
    if (pump_.joinable()) pump_.join();
  }
  // With the mutex held.
  Clock::time_point quiet_at() const { return last_numbered_ + 2 * options_.timeout; }

  std::unique_ptr<Transport> inner_;
  const ResendOptions options_;
  Rejections rejections_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;       // something is ready
  std::condition_variable acknowledged_;  // an outbox is empty
  // Guarded by the mutex:
  std::map<NodeId, Outbox> outboxes_;
  std::map<std::uint64_t, Inbox> inboxes_;  // by stream
  std::deque<Received> ready_;
  Clock::time_point last_numbered_{};  // when the last message came that is to be acknowledged
  bool stopped_ = false;
  std::mutex joining_;
  std::thread pump_;  // last: it uses all of this
};

}  // namespace

std::unique_ptr<Transport> make_resending(std::unique_ptr<Transport> inner, const ResendOptions& options) {
  return std::make_unique<ResendingTransport>(std::move(inner), options);
}

}  // namespace geomx::ps
