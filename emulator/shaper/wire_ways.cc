// How a link that holds frames goes over to its packet sockets and back, while traffic flows.
//
// A frame that comes in is shown to the packet socket first, which may have a filter against it, and then, in the same
// breath, to the bridge, which puts it into the queue. So of a frame that both see, the socket's copy can be read at
// the latest when the queue's can; and a frame that neither is to miss must find the one open before the other closes.
// In between, each frame counts once: it has two sightings with the same likeness (twins.h).
//
// leaving:   the sockets are open. What the queue shows counts. What a socket shows and the queue has not shown waits,
//            and counts when leaving ends; from then on only what sockets show does.
// returning: the sockets are open, and the bridge is opened meanwhile. What a socket shows counts. From hold() on the
//            sockets are closed; of what the queue shows, that counts which no socket has shown.
//
// Either ends after all frames that were on their way past a filter when it changed have reached the queue.
#include <linux/if_ether.h>

#include <algorithm>
#include <utility>

#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/network_scope.h"
#include "emulator/shaper/wire_link.h"

namespace geomx::shaper {
namespace {

// Batches that are read at once when a queue is to be read to its end: more than it can have been filled with since.
constexpr int kMostBatches = 1 << 13;

}  // namespace

// Whether a frame that a socket shows counts, now.
bool WireLink::is_for_engine(Side& side, Frame& frame, Nanoseconds stamp) {
  const Way way = this->way();
  if (way == Way::held || (way == Way::sockets && side.seen.empty()) || !is_ipv4(frame)) return true;
  const Likeness likeness = likeness_of(frame.bytes().subspan(sizeof(ethhdr)), stamp);
  if (way == Way::returning) {
    side.seen.add(likeness);
    return true;
  }
  if (side.seen.take(likeness)) return false;
  if (way == Way::leaving) side.doubtful.add({likeness, std::move(frame), stamp});
  return way == Way::sockets;
}

// True where more may wait.
bool WireLink::receive_from_queue(std::size_t end) {
  Side& side = sides_[end];
  FrameQueue& queue = held_->queue(end);
  const Way way = this->way();
  const Time now = monotonic_now();
  const Nanoseconds offset = monotonic_offset();
  const bool more = queue.receive(side.socket.mtu(), [&](FrameQueue::Arrival arrival) {
    if (way == Way::sockets) return;  // a socket has shown it: the kernel may drop this one
    if (way == Way::leaving && !side.doubtful.remove(arrival.likeness)) side.seen.add(arrival.likeness);
    push(side, std::move(arrival.frame), arrival.stamp, offset, now);
  });
  queue.flush();
  return more;
}

// Reads the whole queue, then the socket, which has been shown before all that is in there, then tells them apart.
void WireLink::return_from_queue(std::size_t end) {
  Side& side = sides_[end];
  FrameQueue& queue = held_->queue(end);
  std::vector<FrameQueue::Arrival> arrivals;
  const auto keep = [&arrivals](FrameQueue::Arrival arrival) { arrivals.push_back(std::move(arrival)); };
  for (int i = 0; i < kMostBatches && queue.receive(side.socket.mtu(), keep); ++i) {
  }
  do {
    receive_from_socket(side);
  } while (side.more_since != Time::min());
  const Time now = monotonic_now();
  const Nanoseconds offset = monotonic_offset();
  for (FrameQueue::Arrival& arrival : arrivals) {
    if (!side.seen.take(arrival.likeness)) push(side, std::move(arrival.frame), arrival.stamp, offset, now);
  }
  arrivals.clear();
  queue.flush();
}

void WireLink::begin_leaving() {
  way_ = Way::leaving;
  for (Side& side : sides_) {
    side.unusable_before = side.reader->unusable().get();
    side.socket.leave_ipv4(false);
  }
}

void WireLink::finish_leaving() {
  for (const std::size_t end : {0U, 1U}) {
    for (int i = 0; i < kMostBatches && receive_from_queue(end); ++i) {
    }
  }
  for (Side& side : sides_) {
    side.socket.take_drops();
    side.forgiven.add(side.reader->unusable().get() - side.unusable_before);
  }
  way_ = Way::sockets;
  const Time now = monotonic_now();
  const Nanoseconds offset = monotonic_offset();
  for (Side& side : sides_) {
    for (Doubtful::Entry& entry : side.doubtful.take_all()) {
      push(side, std::move(entry.frame), entry.stamp, offset, now);
    }
  }
}

void WireLink::begin_returning() {
  way_ = Way::returning;
}

void WireLink::hold() {
  for (const Side& side : sides_) side.socket.leave_ipv4(true);
}

void WireLink::finish_returning() {
  for (const std::size_t end : {0U, 1U}) return_from_queue(end);
  way_ = Way::held;
  for (Side& side : sides_) side.seen.clear();
}

void WireLink::stay_with_sockets() {
  way_ = Way::sockets;
  for (Side& side : sides_) {
    side.socket.leave_ipv4(false);
    side.seen.clear();
  }
}

void WireLink::close_bridge() {
  held_->close();
}

void WireLink::open_bridge() {
  held_->open();
}

// Longer super-frames than usual cost the sender, the kernel and the wire less per byte. They are of IPv4 alone, for
// the others are the sockets'; and a node that sends frames on would have to cut them up. Kernels before 6.3 have none.
//
// Connections that are there already know their route's bound, and look their route up anew after any change of the
// interface's flags. What is too long until then, the kernel cuts up, which may be more packets at once than it takes:
// so this is one system call.
void WireLink::let_super_frames_grow(bool grow) const {
  if (!frames_end_here_) return;
  for (const Side& side : sides_) {
    const NetworkScope scope(side.node_network.get());
    const auto change = [&side](const netlink::LinkChange& what) {
      return netlink::change_link(side.node_interface, what);
    };
    netlink::Batch batch;
    batch.push_back(change({.gso_ipv4_max_size = grow ? kLongSuperFrame : side.longest_read}));
    batch.push_back(change({.debug = true}));
    batch.push_back(change({.debug = false}));
    netlink::Socket().execute(batch);
  }
}

}  // namespace geomx::shaper
