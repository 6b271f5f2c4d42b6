// What a link may do to a frame on its way.
#include <netinet/in.h>

#include <algorithm>

#include "emulator/shaper/frame.h"
#include "emulator/shaper/frame_bytes.h"

namespace geomx::shaper {
namespace {

constexpr std::uint8_t kCongestionExperienced = 0b11;

std::uint32_t network_header_size(const std::byte* ip) {
  return load8(ip) >> 4 == 4 ? (load8(ip) & 0xfu) * 4 : 40;
}

// The length that the IP header gives, headers included: an Ethernet frame may be padded beyond it.
std::uint32_t packet_size(const std::byte* ip) {
  return load8(ip) >> 4 == 4 ? load16(ip + 2) : load16(ip + 4) + 40u;
}

}  // namespace

bool Frame::mark_congestion() {
  if (!shape_.is_ip || size_ < shape_.network_offset + 20u) return false;
  std::byte* ip = data_.get() + shape_.network_offset;
  const bool v4 = load8(ip) >> 4 == 4;
  // IPv4: the two low bits of the second byte. IPv6: the traffic class lies across the first two bytes.
  const int shift = v4 ? 0 : 4;
  const auto codepoint = static_cast<std::uint8_t>(load8(ip + 1) >> shift & 0b11);
  if (codepoint == 0) return false;
  const std::uint16_t before = load16(ip);
  ip[1] |= static_cast<std::byte>(kCongestionExperienced << shift);
  if (v4) {
    // RFC 1624, equation 3.
    const std::uint32_t sum =
        static_cast<std::uint16_t>(~load16(ip + 10)) + static_cast<std::uint16_t>(~before) + std::uint32_t{load16(ip)};
    store16(ip + 10, static_cast<std::uint16_t>(~fold(sum)));
  }
  return true;
}

void Frame::complete_checksum() {
  if ((header_.flags & VnetHeader::kNeedsChecksum) == 0) return;
  header_.flags &= static_cast<std::uint8_t>(~VnetHeader::kNeedsChecksum);
  // Without a partial checksum nothing is segmented any more; it is one segment already.
  header_.gso_type = VnetHeader::kNone;
  header_.gso_size = 0;
  const std::uint32_t start = header_.csum_start;
  const std::uint32_t field = start + header_.csum_offset;
  if (field + 2 > size_) return;
  std::uint16_t sum = static_cast<std::uint16_t>(~fold(sum_words(data_.get() + start, size_ - start)));
  constexpr std::uint16_t kUdpChecksumOffset = 6;
  // UDP says "none" by 0 (RFC 768); in ones' complement 0xffff is the same number.
  if (sum == 0 && header_.csum_offset == kUdpChecksumOffset) sum = 0xffff;
  store16(data_.get() + field, sum);
}

bool Frame::corrupt(double place) {
  if (!shape_.is_ip || size_ < shape_.network_offset + 20u) return false;
  const std::byte* ip = data_.get() + shape_.network_offset;
  const std::uint32_t begin = shape_.network_offset + network_header_size(ip);
  const std::uint32_t end = std::min(size_, shape_.network_offset + packet_size(ip));
  if (begin >= end) return false;
  complete_checksum();
  const auto bit = std::min(static_cast<std::uint32_t>(place * 8 * (end - begin)), 8 * (end - begin) - 1);
  data_[begin + bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
  return true;
}

}  // namespace geomx::shaper
