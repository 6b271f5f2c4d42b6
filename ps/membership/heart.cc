#include "ps/membership/heart.h"

#include <atomic>
#include <utility>

namespace geomx::ps {
namespace {

Heart::Clock::rep now_ticks() {
  return Heart::Clock::now().time_since_epoch().count();
}

}  // namespace

Heart::Heart(Options options, std::unique_ptr<Transport> transport)
    : options_(std::move(options)), transport_(std::move(transport)), last_sign_(now_ticks()) {
  transport_->connect(kScheduler, options_.scheduler);
  thread_ = std::thread([this] { beat(); });
}

Heart::~Heart() {
  stopping_.store(true);
  transport_->disconnect(kScheduler);  // a heartbeat in the queue is not worth waiting for
  transport_->stop();
  thread_.join();
}

void Heart::sign() {
  last_sign_.store(now_ticks(), std::memory_order_relaxed);
}

void Heart::beat() {
  const auto interval = std::chrono::duration_cast<Clock::duration>(options_.interval);
  auto tick = Clock::now();
  Clock::time_point reconnect;
  for (std::uint64_t sequence = 1; !stopping_.load(); ++sequence) {
    // A whole timeout has passed between two ticks: this process was paused, and the scheduler's echoes may still lie
    // in the kernel. Its silence counts from now.
    if (Clock::now() - tick > options_.timeout) sign();

    Message message;
    message.header.set_version(kProtocolVersion);
    message.header.set_sender(options_.self.packed());
    auto* heartbeat = message.header.mutable_heartbeat();
    heartbeat->set_sequence(sequence);
    if (options_.incarnation) heartbeat->set_incarnation(options_.incarnation());
    for (const NodeId& peer : options_.heard()) heartbeat->add_heard(peer.packed());
    transport_->send(kScheduler, std::move(message));

    tick = Clock::now() + interval;
    bool unknown = false;
    while (const auto echo = transport_->receive(tick)) {
      sign();
      silent_.store(false);
      unknown = echo->message.header.heartbeat().unknown();
    }
    if (stopping_.load()) return;
    if (unknown && options_.on_unknown) options_.on_unknown();

    const Seconds silent = Clock::duration(now_ticks() - last_sign_.load(std::memory_order_relaxed));
    if (silent <= options_.timeout) continue;
    if (!silent_.exchange(true)) options_.on_silence(silent.count());
    // A connection that a cut has broken would find out late that the cut has healed.
    if (Clock::now() < reconnect) continue;
    transport_->connect(kScheduler, options_.scheduler);
    reconnect = Clock::now() + std::chrono::duration_cast<Clock::duration>(options_.timeout / 2);
  }
}

}  // namespace geomx::ps
