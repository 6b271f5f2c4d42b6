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
  for (std::uint64_t sequence = 1; !stopping_.load(); ++sequence) {
    // A whole timeout has passed between two ticks: this process was paused, and the scheduler's echoes may still lie
    // in the kernel. Its silence counts from now.
    if (Clock::now() - tick > options_.timeout) sign();

    Message message;
    message.header.set_version(kProtocolVersion);
    message.header.set_sender(options_.self.packed());
    auto* heartbeat = message.header.mutable_heartbeat();
    heartbeat->set_sequence(sequence);
    for (const NodeId& peer : options_.heard()) heartbeat->add_heard(peer.packed());
    transport_->send(kScheduler, std::move(message));

    tick = Clock::now() + interval;
    while (transport_->receive(tick)) sign();
    if (stopping_.load()) return;

    const Seconds silent = Clock::duration(now_ticks() - last_sign_.load(std::memory_order_relaxed));
    if (silent > options_.timeout) {
      options_.on_silence(silent.count());
      return;
    }
  }
}

}  // namespace geomx::ps
