#include "emulator/shaper/wire_link.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include <spdlog/spdlog.h>

#include "emulator/base/error.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/network_scope.h"
#include "emulator/shaper/node_offloads.h"

namespace geomx::shaper {
namespace {

// What may have arrived while the thread was kept from running: 30 ms at 10 Gbit.
constexpr Bytes kReceiveBuffer{32 << 20};

// What the kernel's bound on super-frames leaves out: an Ethernet header and two VLAN tags.
constexpr std::uint32_t kRingLinkHeaders = 14 + 8;
constexpr std::uint32_t kUsualSuperFrame = 65536;  // bound of the kernel's
constexpr std::size_t kSendBatch = 64;
constexpr Nanoseconds kRetry = std::chrono::microseconds(100);
// An interface that takes nothing for so long, though its other end is up: the machine cannot keep up.
constexpr Nanoseconds kStall = std::chrono::milliseconds(20);
// Asking for the carrier takes the kernel's lock on all interfaces.
constexpr Nanoseconds kCarrierHolds = std::chrono::milliseconds(10);

}  // namespace

Time monotonic_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

WireLink::Side::Side(const WireEnd& end, const Direction& direction, const WireLoopOptions& options)
    : socket(end.interface), engine(direction, monotonic_now()), node_interface(end.node_interface) {
  if (end.node_netns_fd >= 0) {
    node_network.reset(check(::fcntl(end.node_netns_fd, F_DUPFD_CLOEXEC, 0), "keep a network namespace"));
  }
  RingSize size;
  bool queue = false;
  {
    const NetworkScope scope(end.node_netns_fd);
    restrict_offloads(end.node_interface);
    netlink::Socket netlink;
    size = ring_size(direction, netlink::get_link(netlink, end.node_interface).mtu, options.links);
    // A ring saves a fast link one copy of each super-frame, where these fit; a queue is the deeper one for all others.
    queue = !options.ring && size.slot_bytes < kWholeSuperFrame && socket.force_receive_buffer(kReceiveBuffer);
    longest_read = kUsualSuperFrame;
    if (!queue) {
      // Longer super-frames than a slot holds would be lost.
      longest_read = ring_frame_bytes(size.slot_bytes) - kRingLinkHeaders;
      netlink.execute(netlink::change_link(end.node_interface, {.gso_max_size = longest_read}));
    }
  }
  reader = queue ? make_queue_reader(socket) : make_ring_reader(socket, size);
  outbox.reserve(kSendBatch);
  delays.reserve(kSendBatch);
  interface = static_cast<int>(::if_nametoindex(end.interface.c_str()));
}

WireLink::WireLink(const WireEnd& a, const WireEnd& b, const Direction& forward, const Direction& backward,
                   const WireLoopOptions& options, std::shared_ptr<netlink::BridgeQueues> rules)
    : sides_{Side(a, forward, options), Side(b, backward, options)}, frames_end_here_(!a.forwards && !b.forwards) {
  for (Side& side : sides_) side.before = reader_.link(side.interface).value_or(netlink::LinkCounters{});
  if (rules && forward.clear() && backward.clear()) {
    try {
      for (const Side& side : sides_) side.socket.leave_ipv4(true);
      held_ = std::make_unique<HeldLink>(std::move(rules), std::array{a.interface, b.interface},
                                         std::array{sides_[0].interface, sides_[1].interface});
      let_super_frames_grow(true);
      way_ = Way::held;
    } catch (const Error& error) {
      spdlog::debug("frames do not stay in the kernel: {}", error.line());
      held_.reset();
      for (const Side& side : sides_) side.socket.leave_ipv4(false);
    }
  }
  for (const Side& side : sides_) side.socket.start();
}

std::vector<int> WireLink::sources() const {
  std::vector<int> sources;
  for (const Side& side : sides_) sources.push_back(side.socket.fd());
  for (const std::size_t end : {0U, 1U}) {
    if (held_) sources.push_back(held_->queue(end).fd());
  }
  return sources;
}

void WireLink::receive(std::size_t source) {
  if (source < sides_.size()) {
    receive_from_socket(sides_[source]);
  } else if (way() == Way::returning) {
    return_from_queue(source - sides_.size());
  } else {
    receive_from_queue(source - sides_.size());
  }
}

void WireLink::receive_from_socket(Side& side) {
  const Time now = monotonic_now();
  const Nanoseconds offset = monotonic_offset();
  const bool more = side.reader->receive([&](Frame frame, Nanoseconds stamp) {
    if (!held_ || is_for_engine(side, frame, stamp)) push(side, std::move(frame), stamp, offset, now);
  });
  side.more_since = more ? now : Time::min();
  // All that was there when the queue was left has been read.
  if (!more && way() == Way::sockets) side.seen.clear();
}

void WireLink::push(Side& side, Frame frame, Nanoseconds stamp, Nanoseconds offset, Time now) {
  side.engine.push(std::move(frame), stamp.count() == 0 ? now : std::min(stamp + offset, now));
}

Time WireLink::deliver(Time looked) {
  return std::min(deliver(0, looked), deliver(1, looked));
}

Time WireLink::deliver(std::size_t end, Time looked) {
  Side& from = sides_[end];
  Side& to = sides_[1 - end];
  const Time known = from.more_since >= looked ? from.engine.last_arrival() : looked;
  while (true) {
    const Time now = monotonic_now();
    if (from.unsent.empty()) {
      from.outbox.clear();
      from.delays.clear();
      while (from.outbox.size() < kSendBatch) {
        std::optional<Engine::Departure> departure = from.engine.pop(now, known);
        if (!departure) break;
        from.outbox.push_back(std::move(departure->frame));
        from.delays.push_back(departure->delay);
      }
      if (from.outbox.empty()) {
        if (held_) held_->queue(end).flush();
        return from.engine.next_release();
      }
      from.unsent = from.outbox;
    }
    const std::size_t before = from.unsent.size();
    const SendResult result = send(end);
    if (from.unsent.size() < before) {
      to.written.add(before - from.unsent.size());
      from.stalled_since = kNever;
    }
    if (result == SendResult::sent) continue;
    const bool held = from.unsent.front().is_held();
    const bool cut = held ? result == SendResult::refused : is_cut(from, to.socket, now);
    if (result == SendResult::later && !cut) {
      from.stalled_since = std::min(from.stalled_since, now);
      if (now - from.stalled_since < kStall) return now + kRetry;
    }
    from.engine.take_back(from.unsent.front(), from.delays[from.outbox.size() - from.unsent.size()],
                          cut ? Engine::Fate::undelivered : Engine::Fate::overrun);
    from.unsent = from.unsent.subspan(1);
  }
}

// Sends those of the frames due that are of one kind with the first, and takes off `unsent` what has been sent. Held
// ones are refused where the other end is down: the kernel would not say that it drops them.
SendResult WireLink::send(std::size_t end) {
  Side& from = sides_[end];
  const Side& to = sides_[1 - end];
  const bool held = from.unsent.front().is_held();
  const auto other = std::find_if(from.unsent.begin(), from.unsent.end(),
                                  [held](const Frame& frame) { return frame.is_held() != held; });
  const auto count = static_cast<std::size_t>(other - from.unsent.begin());
  if (held) {
    if (!to.socket.is_running()) return SendResult::refused;
    if (!held_->queue(end).accept(from.unsent.first(count))) return SendResult::later;
    from.unsent = from.unsent.subspan(count);
    return SendResult::sent;
  }
  std::span<const Frame> frames = from.unsent.first(count);
  const SendResult result = to.socket.send(frames);
  from.unsent = from.unsent.subspan(count - frames.size());
  return result;
}

// Whether the interface that takes no frames has its other end down.
bool WireLink::is_cut(Side& from, const PacketSocket& to, Time now) {
  if (from.asked_for_carrier == kNever || now - from.asked_for_carrier >= kCarrierHolds) {
    from.cut = !to.has_carrier();
    from.asked_for_carrier = now;
  }
  return from.cut;
}

void WireLink::change(const Direction& forward, const Direction& backward) {
  const Time now = monotonic_now();
  sides_[0].engine.change(forward, now);
  sides_[1].engine.change(backward, now);
}

DirectionCounters WireLink::count(std::size_t end) const {
  const Side& from = sides_[end];
  const Side& to = sides_[1 - end];
  DirectionCounters counters = from.engine.statistics().snapshot();
  const std::uint64_t drops = from.socket.take_drops();
  if (way() != Way::leaving) from.drops += drops;  // meanwhile the queue has what the socket has no room for
  counters.overruns += from.drops + from.reader->unusable().get() - from.forgiven.get();
  if (held_) {
    const HeldLink::Losses losses = held_->losses(end);
    counters.overruns += losses.overruns;
    counters.undelivered += losses.undelivered;
  }
  // The kernel passes a frame from one end of a veth pair to the other through a queue of the CPU, and drops it where
  // that is full: before the socket has seen it, or after the socket has taken it from us (kernels before 6.8 do not
  // say so). The frames are read before the interface that sends them, so that none is missing only because it is late.
  const std::uint64_t written = to.written.get();
  if (const auto link = reader_.link(from.interface)) counters.overruns += link->rx_dropped - from.before.rx_dropped;
  if (const auto link = reader_.link(to.interface)) {
    const std::uint64_t left = link->tx_packets - to.before.tx_packets;
    if (written > left) note_missing(to, written - left);
  }
  counters.overruns += to.missing - to.missing_cut;
  counters.undelivered += to.missing_cut;
  return counters;
}

// Held frames that were let go in the moment in which the other end went down have gone into a cable nobody plugged in.
void WireLink::note_missing(const Side& to, std::uint64_t missing) const {
  if (missing <= to.missing) return;
  if (held_ && !to.socket.is_running()) to.missing_cut += missing - to.missing;
  to.missing = missing;
}

LinkCounters WireLink::counters() const {
  return {count(0), count(1)};
}

}  // namespace geomx::shaper
