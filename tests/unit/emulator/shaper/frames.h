#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "emulator/shaper/frame.h"

// Frames as a kernel would hand them over.
namespace geomx::shaper {
namespace detail {

inline void put(std::vector<std::byte>& bytes, std::size_t offset, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    bytes[offset + i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)) & 0xff);
}

}  // namespace detail

// A TCP super-frame over IPv4 or IPv6: `payload` numbered bytes in segments of `mss`; FIN, PSH and CWR are set.
inline Frame tcp_super_frame(std::uint32_t payload, std::uint16_t mss, bool ipv6 = false) {
  const std::size_t network = 14;
  const std::size_t transport = network + (ipv6 ? 40 : 20);
  const std::size_t headers = transport + 32;  // with timestamps
  std::vector<std::byte> bytes(headers + payload);
  detail::put(bytes, 12, ipv6 ? 0x86dd : 0x0800, 2);
  if (ipv6) {
    detail::put(bytes, network, 0x60000000, 4);
    detail::put(bytes, network + 4, payload + 32, 2);
    detail::put(bytes, network + 6, 6, 1);
    detail::put(bytes, network + 8, 0xfd000001, 4);
    detail::put(bytes, network + 24, 0xfd000002, 4);
  } else {
    detail::put(bytes, network, 0x4500, 2);
    detail::put(bytes, network + 2, static_cast<std::uint32_t>(bytes.size() - network), 2);
    detail::put(bytes, network + 4, 0xfffe, 2);  // the identification wraps
    detail::put(bytes, network + 8, 0x4006, 2);
    detail::put(bytes, network + 12, 0x0a090001, 4);
    detail::put(bytes, network + 16, 0x0a090002, 4);
  }
  detail::put(bytes, transport, 40000, 2);
  detail::put(bytes, transport + 2, 5001, 2);
  detail::put(bytes, transport + 4, 0xffffff00, 4);  // the sequence number wraps
  detail::put(bytes, transport + 12, 0x80, 1);
  detail::put(bytes, transport + 13, 0x80 | 0x10 | 0x08 | 0x01, 1);
  for (std::uint32_t i = 0; i < payload; ++i) bytes[headers + i] = static_cast<std::byte>(i % 251);
  VnetHeader header;
  header.flags = VnetHeader::kNeedsChecksum;
  header.gso_type = (ipv6 ? VnetHeader::kTcp6 : VnetHeader::kTcp4) | VnetHeader::kEcn;
  header.hdr_len = 256;
  header.gso_size = mss;
  header.csum_start = static_cast<std::uint16_t>(transport);
  header.csum_offset = 16;
  return Frame::copy_of(header, bytes);
}

// A UDP datagram over IPv4 that makes a frame of `size` bytes; `number` is in its first four payload bytes.
inline Frame udp_frame(std::uint32_t size, std::uint32_t number = 0) {
  std::vector<std::byte> bytes(size);
  detail::put(bytes, 12, 0x0800, 2);
  detail::put(bytes, 14, 0x45, 1);
  detail::put(bytes, 42, number, 4);
  return Frame::copy_of(VnetHeader{}, bytes);
}

inline std::uint32_t read_big_endian(const Frame& frame, std::size_t offset, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | std::to_integer<std::uint32_t>(frame.bytes()[offset + i]);
  return value;
}

inline std::uint32_t number_of(const Frame& frame) {
  return read_big_endian(frame, 42, 4);
}

inline Frame arp_frame() {
  std::vector<std::byte> bytes(42);
  detail::put(bytes, 12, 0x0806, 2);
  return Frame::copy_of(VnetHeader{}, bytes);
}

// The Internet checksum over a range, plus `extra`, folded; 0xffff where a checksum within is right.
inline std::uint16_t ones_complement_sum(const Frame& frame, std::size_t begin, std::size_t end,
                                         std::uint64_t extra = 0) {
  std::uint64_t sum = extra;
  for (std::size_t i = begin; i < end; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(frame.bytes()[i]);
    sum += (i - begin) % 2 == 0 ? byte << 8 : byte;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace geomx::shaper
