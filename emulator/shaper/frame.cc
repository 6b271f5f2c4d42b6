#include "emulator/shaper/frame.h"

#include <netinet/in.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "emulator/shaper/frame_bytes.h"

namespace geomx::shaper {
namespace {

constexpr std::uint32_t kEthernetHeader = 14;
constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;
constexpr std::uint16_t kEtherVlan = 0x8100;
constexpr std::uint16_t kEtherQinq = 0x88a8;
constexpr std::uint32_t kTcpMinHeader = 20;
constexpr std::uint8_t kTcpFin = 0x01;
constexpr std::uint8_t kTcpPush = 0x08;
constexpr std::uint8_t kTcpCwr = 0x80;

// Size of the headers that every segment repeats; 0 where we do not know how to segment the frame. The header's own
// hdr_len is only a hint of how much is contiguous in memory, so the frame itself is asked.
std::uint32_t repeated_headers(const VnetHeader& header, std::span<const std::byte> frame) {
  if ((header.flags & VnetHeader::kNeedsChecksum) == 0 || header.gso_size == 0) return 0;
  const std::uint32_t transport = header.csum_start;
  const std::uint8_t type = header.gso_type & static_cast<std::uint8_t>(~VnetHeader::kEcn);
  if (type != VnetHeader::kTcp4 && type != VnetHeader::kTcp6) return 0;
  if (transport + kTcpMinHeader > frame.size()) return 0;
  const std::uint32_t size = transport + (load8(&frame[transport + 12]) >> 4) * 4u;
  return size < frame.size() ? size : 0;
}

FrameShape measure(const VnetHeader& header, std::span<const std::byte> frame) {
  FrameShape shape;
  shape.wire_bytes = static_cast<std::uint32_t>(frame.size());
  if (frame.size() < kEthernetHeader) return shape;
  std::uint32_t offset = kEthernetHeader;
  std::uint16_t type = load16(&frame[offset - 2]);
  while ((type == kEtherVlan || type == kEtherQinq) && offset + 4 <= frame.size()) {
    offset += 4;
    type = load16(&frame[offset - 2]);
  }
  shape.network_offset = static_cast<std::uint16_t>(offset);
  shape.is_ip = type == kEtherIpv4 || type == kEtherIpv6;
  if (!shape.is_ip) return shape;
  const std::uint32_t headers = repeated_headers(header, frame);
  const std::uint32_t network = type == kEtherIpv4 ? 20 : 40;
  if (headers == 0 || header.csum_start < offset + network) return shape;
  const std::uint32_t payload = static_cast<std::uint32_t>(frame.size()) - headers;
  shape.segments = (payload + header.gso_size - 1) / header.gso_size;
  shape.wire_bytes = payload + shape.segments * headers;
  shape.header_size = headers;
  return shape;
}

// Puts the network header's length right and returns the sum of the pseudo-header without the transport's protocol.
std::uint64_t fix_network_header(std::byte* ip, std::uint32_t transport_offset, std::uint32_t end,
                                 std::uint32_t first) {
  if (load8(ip) >> 4 == 4) {
    store16(ip + 2, end);
    store16(ip + 4, load16(ip + 4) + first);
    store16(ip + 10, 0);
    store16(ip + 10, static_cast<std::uint16_t>(~fold(sum_words(ip, (load8(ip) & 0xfu) * 4))));
    return sum_words(ip + 12, 8) + (end - transport_offset);
  }
  store16(ip + 4, end - 40);
  return sum_words(ip + 8, 32) + (end - transport_offset);
}

}  // namespace

Frame::Frame(const VnetHeader& header, FrameData data, std::uint32_t size)
    : header_(header), data_(std::move(data)), size_(size), shape_(measure(header_, bytes())) {}

Frame Frame::copy_of(const VnetHeader& header, std::span<const std::byte> bytes) {
  FrameData data(new std::byte[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), data.get());
  return {header, std::move(data), static_cast<std::uint32_t>(bytes.size())};
}

Frame Frame::held(FrameData ticket, std::uint32_t size, const FrameShape& shape, std::uint32_t memory) {
  Frame frame;
  frame.data_ = std::move(ticket);
  frame.size_ = size;
  frame.held_memory_ = memory;
  frame.shape_ = shape;
  return frame;
}

Frame Frame::clone() const {
  assert(!is_held());
  return copy_of(header_, bytes());
}

std::uint32_t Frame::wire_bytes(std::uint32_t first, std::uint32_t count) const {
  if (first == 0 && count == shape_.segments) return shape_.wire_bytes;
  const std::uint32_t payload = size_ - shape_.header_size;
  const std::uint32_t begin = first * header_.gso_size;
  const std::uint32_t end = std::min(payload, (first + count) * header_.gso_size);
  return end - begin + count * shape_.header_size;
}

Frame Frame::slice(std::uint32_t first, std::uint32_t count) const {
  assert(!is_held());
  const std::uint32_t headers = shape_.header_size;
  const std::uint32_t begin = headers + first * header_.gso_size;
  const std::uint32_t length = std::min(size_ - begin, count * header_.gso_size);
  const bool is_first = first == 0;
  const bool is_last = begin + length == size_;
  const std::uint32_t size = headers + length;

  FrameData data(new std::byte[size]);
  std::memcpy(data.get(), data_.get(), headers);
  std::memcpy(data.get() + headers, data_.get() + begin, length);

  VnetHeader header = header_;
  header.hdr_len = static_cast<std::uint16_t>(headers);
  std::byte* ip = data.get() + shape_.network_offset;
  std::byte* transport = data.get() + header.csum_start;
  const std::uint64_t pseudo =
      fix_network_header(ip, header.csum_start - shape_.network_offset, size - shape_.network_offset, first);
  store32(transport + 4, load32(transport + 4) + first * header_.gso_size);
  std::uint8_t flags = load8(transport + 13);
  if (!is_last) flags &= static_cast<std::uint8_t>(~(kTcpFin | kTcpPush));
  if (!is_first) {
    // "Congestion window reduced" is said once, by the first segment (RFC 3168, 6.1.2).
    flags &= static_cast<std::uint8_t>(~kTcpCwr);
    header.gso_type &= static_cast<std::uint8_t>(~VnetHeader::kEcn);
  }
  transport[13] = static_cast<std::byte>(flags);
  store16(transport + header.csum_offset, fold(pseudo + IPPROTO_TCP));
  if (count == 1) {
    header.gso_type = VnetHeader::kNone;
    header.gso_size = 0;
  }
  return {header, std::move(data), size};
}

}  // namespace geomx::shaper
