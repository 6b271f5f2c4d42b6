#include "emulator/shaper/wire_link.h"

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

// Without root the receive queue is a ring of equal slots. Super-frames are made shorter so that slots do not waste
// memory: there are enough of them for 50 ms of full-sized packets up to 1 Gbit. A faster link needs longer
// super-frames to be fast, and gets 32 MiB.
constexpr std::uint32_t kRingSuperFrame = 4096;
constexpr std::uint32_t kRingSuperFrameFast = 16384;
constexpr std::uint32_t kRingLinkHeaders = 14 + 8;
constexpr std::uint32_t kLeastSlots = 2048;
constexpr std::uint32_t kMostSlots = 4096;
constexpr std::uint32_t kSlotsFast = 2048;
constexpr Nanoseconds kRingTime = std::chrono::milliseconds(50);

constexpr std::size_t kSendBatch = 64;
constexpr Nanoseconds kRetry = std::chrono::microseconds(100);
// An interface that takes nothing for so long is down, and frames for it are lost as on any cable.
constexpr Nanoseconds kStall = std::chrono::milliseconds(20);

RingSize ring_size(const Direction& direction) {
  if (!direction.rate || *direction.rate > BitsPerSecond{1'000'000'000}) return {kSlotsFast, kRingSuperFrameFast};
  const Nanoseconds each = transmission_time(Bytes{1514}, *direction.rate);
  const auto wanted = static_cast<std::uint32_t>(kRingTime / each);
  return {std::clamp(wanted, kLeastSlots, kMostSlots), kRingSuperFrame};
}

}  // namespace

Time monotonic_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

WireLink::Side::Side(const WireEnd& end, const Direction& direction, bool ring)
    : socket(end.interface), engine(direction) {
  const bool queue = !ring && socket.force_receive_buffer(kReceiveBuffer);
  RingSize size = ring_size(direction);
  {
    const NetworkScope scope(end.node_netns_fd);
    restrict_offloads(end.node_interface);
    netlink::Socket netlink;
    if (!queue) netlink.execute(netlink::change_link(end.node_interface, {.gso_max_size = size.frame_bytes}));
    const int mtu = netlink::get_link(netlink, end.node_interface).mtu;
    size.frame_bytes = std::max(size.frame_bytes, static_cast<std::uint32_t>(mtu)) + kRingLinkHeaders;
  }
  reader = queue ? make_queue_reader(socket) : make_ring_reader(socket, size);
  outbox.reserve(kSendBatch);
  socket.start();
}

WireLink::WireLink(const WireEnd& a, const WireEnd& b, const Direction& forward, const Direction& backward, bool ring)
    : sides_{Side(a, forward, ring), Side(b, backward, ring)} {}

void WireLink::receive(int end) {
  Side& side = sides_[static_cast<std::size_t>(end)];
  side.reader->receive([&side, now = monotonic_now()](Frame frame, Nanoseconds arrival) {
    side.engine.push(std::move(frame), std::min(arrival, now));
  });
}

Time WireLink::deliver() {
  return std::min(deliver(sides_[0], sides_[1].socket), deliver(sides_[1], sides_[0].socket));
}

Time WireLink::deliver(Side& from, const PacketSocket& to) {
  while (true) {
    const Time now = monotonic_now();
    if (from.unsent.empty()) {
      from.outbox.clear();
      while (from.outbox.size() < kSendBatch) {
        std::optional<Frame> frame = from.engine.pop(now);
        if (!frame) break;
        from.outbox.push_back(std::move(*frame));
      }
      if (from.outbox.empty()) return from.engine.next_release();
      from.unsent = from.outbox;
    }
    const std::size_t before = from.unsent.size();
    SendResult result = to.send(from.unsent);
    if (from.unsent.size() < before) from.stalled_since = kNever;
    if (result == SendResult::later) {
      from.stalled_since = std::min(from.stalled_since, now);
      if (now - from.stalled_since < kStall) return now + kRetry;
      result = SendResult::refused;
    }
    if (result == SendResult::refused) {
      from.engine.refuse(from.unsent.front());
      from.unsent = from.unsent.subspan(1);
    }
  }
}

void WireLink::change(const Direction& forward, const Direction& backward) {
  const Time now = monotonic_now();
  sides_[0].engine.change(forward, now);
  sides_[1].engine.change(backward, now);
}

DirectionCounters WireLink::count(const Side& side) {
  DirectionCounters counters = side.engine.statistics().snapshot();
  side.drops += side.socket.take_drops();
  counters.overruns += side.drops + side.reader->unusable().get();
  return counters;
}

LinkCounters WireLink::counters() const {
  return {count(sides_[0]), count(sides_[1])};
}

}  // namespace geomx::shaper
