#include "ps/flow/dgt_receiver.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using Clock = Assembly::Clock;

constexpr std::size_t kLongest = 2048;  // bytes of a datagram, and more than any of ours
constexpr int kAtOnce = 256;            // datagrams of one socket, before the others have their turn

Clock::duration silence_of(const FlowConfig::Dgt& config) {
  if (config.mode != FlowConfig::Dgt::Mode::datagrams) return Clock::duration{};
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(config.wait));
}

int milliseconds_until(Clock::time_point when) {
  if (when == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

// The same share in every run, whatever the timing.
bool is_dropped(const Datagram& datagram, double share) {
  std::uint64_t mixed = (datagram.sequence + (std::uint64_t{datagram.channel} << 56)) * 0x9e3779b97f4a7c15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
  return static_cast<double>(mixed >> 11) * 0x1p-53 < share;
}

}  // namespace

// Interrupts the thread's wait.
class DgtReceiver::Wake {
 public:
  Wake() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw Error(std::string("cannot make an eventfd: ") + std::strerror(errno));
  }
  ~Wake() { ::close(descriptor_); }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  int descriptor() const { return descriptor_; }
  void raise() { ::eventfd_write(descriptor_, 1); }
  void clear() {
    eventfd_t count = 0;
    ::eventfd_read(descriptor_, &count);
  }

 private:
  int descriptor_;
};

DgtReceiver::DgtReceiver(Member& member, const FlowConfig::Dgt& config, Deliver deliver, Log log)
    : member_(member),
      deliver_(std::move(deliver)),
      log_(std::move(log)),
      drop_(config.drop),
      seal_(member.plane().datagram_key.empty() ? std::nullopt : std::optional<Seal>(member.plane().datagram_key)),
      assembly_(silence_of(config), config.channels) {
  if (config.mode != FlowConfig::Dgt::Mode::datagrams) return;
  for (int i = 0; i < config.channels; ++i) sockets_.emplace_back(Endpoint{member.plane().bind_host, 0});
  wake_ = std::make_unique<Wake>();
  thread_ = std::thread([this] { listen(); });
}

DgtReceiver::~DgtReceiver() {
  stop();
}

void DgtReceiver::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_->raise();
  thread_.join();
  const Assembly::Counters counts = counters();
  if (!log_) return;
  log_(kDetails, "DGT: " + std::to_string(counts.pieces) + " pieces came by datagrams, " +
                     std::to_string(counts.missing) + " were missing, " + std::to_string(counts.late) + " came late, " +
                     std::to_string(counts.malformed) + " datagrams were malformed");
}

Assembly::Counters DgtReceiver::counters() const {
  const std::lock_guard lock(mutex_);
  return assembly_.counters();
}

void DgtReceiver::offer(NodeId to) {
  Message message;
  message.header.mutable_data()->set_operation(proto::DGT);
  proto::DgtOffer& offer = *message.header.mutable_data()->mutable_dgt()->mutable_offer();
  for (const Udp& socket : sockets_) offer.add_ports(static_cast<std::uint32_t>(socket.port()));
  if (seal_) offer.set_fingerprint(seal_->fingerprint());
  member_.send(to, std::move(message));
}

void DgtReceiver::receive(NodeId from, const Message& message) {
  const proto::Data& data = message.header.data();
  const bool deferred = data.operation() == proto::DGT;
  if (deferred && data.dgt().ask()) return offer(from);
  std::vector<Assembly::Ready> ready;
  try {
    const std::lock_guard lock(mutex_);
    if (deferred) return assembly_.deferred(from, message);
    ready = assembly_.reliable(from, message, Clock::now());
  } catch (const Error&) {
    return deliver_(from, message);
  }
  hand_on(ready);
  if (wake_) wake_->raise();  // there may be a deadline now
}

void DgtReceiver::forget(NodeId sender) {
  const std::lock_guard lock(mutex_);
  assembly_.forget(sender);
}

void DgtReceiver::hand_on(const std::vector<Assembly::Ready>& ready) {
  for (const Assembly::Ready& push : ready) {
    deliver_(push.from, push.message);
    std::optional<Pacer::Report> report;
    {
      const std::lock_guard lock(mutex_);
      if (!sockets_.empty()) report = assembly_.report_for(push.from);
    }
    if (!report) continue;
    Message message;
    message.header.mutable_data()->set_operation(proto::DGT);
    proto::DgtReport& told = *message.header.mutable_data()->mutable_dgt()->mutable_report();
    told.set_sent(report->sent);
    told.set_arrived(report->arrived);
    told.set_bytes(report->bytes);
    told.set_span_us(static_cast<std::uint64_t>(report->span.count()));
    member_.send(push.from, std::move(message));
  }
}

std::vector<Assembly::Ready> DgtReceiver::drain(Udp& socket) {
  std::vector<Assembly::Ready> all;
  std::array<std::uint8_t, kLongest> buffer;
  const std::lock_guard lock(mutex_);
  for (int i = 0; i < kAtOnce; ++i) {
    const auto bytes = socket.receive(buffer);
    if (!bytes) break;
    const auto datagram = decode_datagram(*bytes, seal_ ? &*seal_ : nullptr);
    const auto sender = NodeId::unpacked(datagram ? datagram->sender : 0);
    if (!datagram || sender.role != Role::worker ||
        sender.rank >= static_cast<std::uint32_t>(member_.plane().num_workers)) {
      assembly_.count_malformed();
      continue;
    }
    if (is_dropped(*datagram, drop_)) continue;
    for (Assembly::Ready& push : assembly_.datagram(*datagram, Clock::now())) all.push_back(std::move(push));
  }
  return all;
}

void DgtReceiver::listen() {
  std::vector<pollfd> descriptors{{wake_->descriptor(), POLLIN, 0}};
  for (const Udp& socket : sockets_) descriptors.push_back({socket.descriptor(), POLLIN, 0});
  for (;;) {
    auto deadline = Clock::time_point::max();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      deadline = assembly_.deadline();
    }
    ::poll(descriptors.data(), descriptors.size(), milliseconds_until(deadline));
    wake_->clear();
    for (Udp& socket : sockets_) hand_on_here(drain(socket));
    std::vector<Assembly::Ready> expired;
    {
      const std::lock_guard lock(mutex_);
      expired = assembly_.expire(Clock::now());
    }
    hand_on_here(expired);
  }
}

// What cannot be delivered is for the plane to notice, which watches over its members.
void DgtReceiver::hand_on_here(const std::vector<Assembly::Ready>& ready) {
  try {
    hand_on(ready);
  } catch (const Error& error) {
    if (log_) log_(kNecessary, std::string("DGT: ") + error.what());
  }
}

}  // namespace geomx::ps
