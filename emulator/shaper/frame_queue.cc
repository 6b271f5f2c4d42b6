#include "emulator/shaper/frame_queue.h"

#include <netinet/in.h>

#include <cstring>
#include <utility>

#include "emulator/shaper/engine.h"
#include "emulator/shaper/frame_bytes.h"

namespace geomx::shaper {
namespace {

constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::uint32_t kIpv4Header = 20;
constexpr std::uint32_t kTcpHeader = 20;
// What the kernel takes for a frame beside its bytes.
constexpr std::uint32_t kKernelOverhead = 1024;
// More than the engine lets travel; so it is the engine that drops what is too much, and counts it.
constexpr std::uint32_t kMostWaiting = 2 * (kMostTravelling.value / kKernelOverhead);

struct Ticket {
  std::uint32_t id = 0;
  bool open = true;  // no verdict yet
};

Ticket ticket_of(const std::byte* data) {
  Ticket ticket;
  std::memcpy(&ticket, data, sizeof ticket);
  return ticket;
}

}  // namespace

FrameShape shape_of(const netlink::QueuedPacket& packet, int mtu) {
  FrameShape shape;
  shape.wire_bytes = packet.length + kEthernetHeader;
  shape.network_offset = kEthernetHeader;
  shape.is_ip = true;
  const std::byte* ip = packet.start.data();
  if (!packet.super_frame || packet.start.size() < kIpv4Header) return shape;
  const std::uint32_t network = (load8(ip) & 0xfu) * 4;
  if (load8(ip + 9) != IPPROTO_TCP || packet.start.size() < network + kTcpHeader) return shape;
  const std::uint32_t headers = network + (load8(ip + network + 12) >> 4) * 4u;
  if (packet.length <= headers || static_cast<std::uint32_t>(mtu) <= headers) return shape;
  const std::uint32_t payload = packet.length - headers;
  const std::uint32_t segment = static_cast<std::uint32_t>(mtu) - headers;
  shape.header_size = headers + kEthernetHeader;
  shape.segments = (payload + segment - 1) / segment;
  shape.wire_bytes = payload + shape.segments * shape.header_size;
  return shape;
}

FrameQueue::FrameQueue(std::uint16_t number) : queue_(number, kMostWaiting) {}

bool FrameQueue::receive(int mtu, const Sink& sink) {
  return queue_.receive([&](const netlink::QueuedPacket& packet) {
    const Ticket ticket{packet.id};
    FrameData data(new std::byte[sizeof ticket], {this});
    std::memcpy(data.get(), &ticket, sizeof ticket);
    sink({Frame::held(std::move(data), sizeof ticket, shape_of(packet, mtu), packet.length + kKernelOverhead),
          packet.stamp, likeness_of(packet.start, packet.stamp)});
  });
}

bool FrameQueue::accept(std::span<Frame> frames) {
  if (frames.empty()) return true;
  // What was dropped came before, and would go on with them.
  if (!flush() || !queue_.accept_up_to(ticket_of(frames.back().ticket().data()).id)) return false;
  for (Frame& frame : frames) {
    Ticket ticket = ticket_of(frame.ticket().data());
    ticket.open = false;
    std::memcpy(frame.ticket().data(), &ticket, sizeof ticket);
  }
  return true;
}

bool FrameQueue::flush() {
  if (!dropped_.empty()) {
    dropped_.erase(dropped_.begin(), dropped_.begin() + static_cast<std::ptrdiff_t>(queue_.drop(dropped_)));
  }
  return dropped_.empty();
}

void FrameQueue::take_back(std::byte* data) noexcept {
  const Ticket ticket = ticket_of(data);
  delete[] data;
  if (ticket.open) dropped_.push_back(ticket.id);
}

}  // namespace geomx::shaper
