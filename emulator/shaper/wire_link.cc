#include "emulator/shaper/wire_link.h"

#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>
#include <utility>

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
    : socket(end.interface), engine(direction, monotonic_now()) {
  RingSize size;
  bool queue = false;
  {
    const NetworkScope scope(end.node_netns_fd);
    restrict_offloads(end.node_interface);
    netlink::Socket netlink;
    size = ring_size(direction, netlink::get_link(netlink, end.node_interface).mtu, options.links);
    // A ring saves a fast link one copy of each super-frame, where these fit; a queue is the deeper one for all others.
    queue = !options.ring && size.slot_bytes < kWholeSuperFrame && socket.force_receive_buffer(kReceiveBuffer);
    if (!queue) {
      // Longer super-frames than a slot holds would be lost.
      const std::uint32_t longest = ring_frame_bytes(size.slot_bytes) - kRingLinkHeaders;
      netlink.execute(netlink::change_link(end.node_interface, {.gso_max_size = longest}));
    }
  }
  reader = queue ? make_queue_reader(socket) : make_ring_reader(socket, size);
  outbox.reserve(kSendBatch);
  delays.reserve(kSendBatch);
  interface = static_cast<int>(::if_nametoindex(end.interface.c_str()));
  socket.start();
}

WireLink::WireLink(const WireEnd& a, const WireEnd& b, const Direction& forward, const Direction& backward,
                   const WireLoopOptions& options)
    : sides_{Side(a, forward, options), Side(b, backward, options)} {
  for (Side& side : sides_) side.before = reader_.link(side.interface).value_or(netlink::LinkCounters{});
}

void WireLink::receive(int end) {
  Side& side = sides_[static_cast<std::size_t>(end)];
  const Time now = monotonic_now();
  const bool more = side.reader->receive(
      [&side, now](Frame frame, Nanoseconds arrival) { side.engine.push(std::move(frame), std::min(arrival, now)); });
  side.more_since = more ? now : Time::min();
}

Time WireLink::deliver(Time looked) {
  return std::min(deliver(sides_[0], sides_[1], looked), deliver(sides_[1], sides_[0], looked));
}

Time WireLink::deliver(Side& from, Side& to, Time looked) {
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
      if (from.outbox.empty()) return from.engine.next_release();
      from.unsent = from.outbox;
    }
    const std::size_t before = from.unsent.size();
    const SendResult result = to.socket.send(from.unsent);
    if (from.unsent.size() < before) {
      to.written.add(before - from.unsent.size());
      from.stalled_since = kNever;
    }
    if (result == SendResult::sent) continue;
    const bool cut = is_cut(from, to.socket, now);
    if (result == SendResult::later && !cut) {
      from.stalled_since = std::min(from.stalled_since, now);
      if (now - from.stalled_since < kStall) return now + kRetry;
    }
    from.engine.take_back(from.unsent.front(), from.delays[from.outbox.size() - from.unsent.size()],
                          cut ? Engine::Fate::undelivered : Engine::Fate::overrun);
    from.unsent = from.unsent.subspan(1);
  }
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

DirectionCounters WireLink::count(const Side& from, const Side& to) const {
  DirectionCounters counters = from.engine.statistics().snapshot();
  from.drops += from.socket.take_drops();
  counters.overruns += from.drops + from.reader->unusable().get();
  // The kernel passes a frame from one end of a veth pair to the other through a queue of the CPU, and drops it where
  // that is full: before the socket has seen it, or after the socket has taken it from us (kernels before 6.8 do not
  // say so). The frames are read before the interface that sends them, so that none is missing only because it is late.
  const std::uint64_t written = to.written.get();
  if (const auto link = reader_.link(from.interface)) counters.overruns += link->rx_dropped - from.before.rx_dropped;
  if (const auto link = reader_.link(to.interface)) {
    const std::uint64_t left = link->tx_packets - to.before.tx_packets;
    if (written > left) counters.overruns += written - left;
  }
  return counters;
}

LinkCounters WireLink::counters() const {
  return {count(sides_[0], sides_[1]), count(sides_[1], sides_[0])};
}

}  // namespace geomx::shaper
