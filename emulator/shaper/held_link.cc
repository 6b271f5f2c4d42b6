#include "emulator/shaper/held_link.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/netlink/link.h"

namespace geomx::shaper {

HeldLink::HeldLink(std::shared_ptr<netlink::BridgeQueues> rules, const std::array<std::string, 2>& interfaces,
                   const std::array<int, 2>& indices)
    : rules_(std::move(rules)),
      ports_(indices),
      bridge_("held" + std::to_string(indices[0])),
      numbers_(rules_->add(indices)) {
  try {
    for (std::size_t end = 0; end < ports_.size(); ++end) queues_[end] = std::make_unique<FrameQueue>(numbers_[end]);
    const int mtu = netlink::get_link(socket_, interfaces[0]).mtu;
    socket_.execute(netlink::add_bridge({.name = bridge_, .mtu = mtu, .netfilter = true}));
    const int bridge = netlink::get_link(socket_, bridge_).index;
    // The queues are there: from its first moment as a port nothing crosses unheld. To a bridge that learns nothing,
    // the other port is where every frame goes.
    for (std::size_t end = 0; end < ports_.size(); ++end) {
      socket_.execute(
          netlink::change_link(ports_[end], {.master = bridge, .gso_ipv4_max_size = kLongSuperFrame}, interfaces[end]));
      socket_.execute(netlink::change_link(ports_[end], {.learning = false}, interfaces[end]));
    }
  } catch (...) {
    release();
    throw;
  }
}

HeldLink::~HeldLink() {
  release();
}

void HeldLink::release() {
  try {
    socket_.execute(netlink::delete_link(bridge_));
  } catch (const Error& error) {
    spdlog::debug("{}", error.line());  // it had not been made
  }
  try {
    rules_->remove(ports_, numbers_);
  } catch (const Error& error) {
    spdlog::warn("{}", error.line());
  }
}

HeldLink::Losses HeldLink::losses(std::size_t end) {
  const FrameQueue& queue = *queues_[end];
  const auto totals = [&] { return rules_->totals(ports_[end], numbers_[end]); };
  // Were the last ones lost, no later one's number tells: they are where more came than have been read, and nothing
  // waits to be.
  const auto lost_last = [&queue](std::uint64_t queued) -> std::uint64_t {
    pollfd waiting{queue.fd(), POLLIN, 0};
    if (::poll(&waiting, 1, 0) != 0) return 0;
    const std::uint64_t last = queue.last();
    return queued > last ? queued - last : 0;
  };
  const netlink::BridgeQueues::Totals before = totals();
  Losses losses;
  if (before.entered > before.queued + undelivered_[end] || lost_last(before.queued) > 0) {
    // Unless it is only that they were in flight.
    await_frames_in_flight();
    const std::uint64_t queued = totals().queued;
    if (before.entered > queued) undelivered_[end] = std::max(undelivered_[end], before.entered - queued);
    losses.overruns = lost_last(before.queued);
  }
  losses.overruns += queue.lost();
  losses.undelivered = undelivered_[end];
  return losses;
}

// A packet socket that is closed makes the kernel wait for just that.
void await_frames_in_flight() {
  const FileDescriptor socket(check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open packet socket"));
}

}  // namespace geomx::shaper
