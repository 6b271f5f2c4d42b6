#pragma once

#include <cstddef>
#include <cstdint>

// Reading and writing the headers of a frame: most significant byte first. Internal to this folder.
namespace geomx::shaper {

inline std::uint8_t load8(const std::byte* at) {
  return std::to_integer<std::uint8_t>(*at);
}
inline std::uint16_t load16(const std::byte* at) {
  return static_cast<std::uint16_t>(load8(at) << 8 | load8(at + 1));
}
inline std::uint32_t load32(const std::byte* at) {
  return std::uint32_t{load16(at)} << 16 | load16(at + 2);
}
inline void store16(std::byte* at, std::uint32_t value) {
  at[0] = static_cast<std::byte>(value >> 8 & 0xff);
  at[1] = static_cast<std::byte>(value & 0xff);
}
inline void store32(std::byte* at, std::uint32_t value) {
  store16(at, value >> 16);
  store16(at + 2, value);
}

// The Internet checksum's running sum (RFC 1071) over a range; an odd last byte counts as the upper half of a word.
inline std::uint64_t sum_words(const std::byte* at, std::uint32_t size) {
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i + 1 < size; i += 2) sum += load16(at + i);
  if (size % 2 != 0) sum += std::uint64_t{load8(at + size - 1)} << 8;
  return sum;
}
inline std::uint16_t fold(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace geomx::shaper
