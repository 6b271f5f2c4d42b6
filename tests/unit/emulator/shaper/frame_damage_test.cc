#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "tests/unit/emulator/shaper/frames.h"

namespace geomx::shaper {
namespace {

constexpr std::uint16_t kMss = 1448;

// An IPv4 or IPv6 TCP segment as the kernel hands it over: its checksum is to be completed.
Frame segment(bool ipv6 = false) {
  return tcp_super_frame(3 * kMss, kMss, ipv6).slice(1, 1);
}

int differing_bits(const Frame& a, const Frame& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.bytes().size(); ++i) {
    bits += std::popcount(std::to_integer<unsigned>(a.bytes()[i] ^ b.bytes()[i]));
  }
  return bits;
}

// Folded sum of the TCP segment and its pseudo-header: 0xffff where the checksum is right.
std::uint16_t tcp_sum(const Frame& frame, bool ipv6) {
  const std::size_t transport = ipv6 ? 54 : 34;
  std::uint64_t pseudo = 6 + frame.bytes().size() - transport;
  const std::size_t begin = ipv6 ? 22 : 26;
  for (std::size_t at = begin; at < transport; at += 2) pseudo += read_big_endian(frame, at, 2);
  return ones_complement_sum(frame, transport, frame.bytes().size(), pseudo);
}

class Corruption : public ::testing::TestWithParam<bool> {};

TEST_P(Corruption, FlipsOneBitThatTheChecksumCatches) {
  const bool ipv6 = GetParam();
  for (const double place : {0.0, 0.1, 0.5, 0.777, 0.999999999}) {
    Frame damaged = segment(ipv6);
    Frame sound = segment(ipv6);
    ASSERT_TRUE(damaged.corrupt(place));
    // Nobody completes the checksum any more, or it would be right for what is wrong.
    EXPECT_EQ(damaged.header().flags & VnetHeader::kNeedsChecksum, 0);
    EXPECT_NE(tcp_sum(damaged, ipv6), 0xffff) << place;
    // Flipping it back leaves a segment whose checksum is right.
    Frame restored = damaged.clone();
    ASSERT_TRUE(restored.corrupt(place));
    EXPECT_EQ(tcp_sum(restored, ipv6), 0xffff);
    EXPECT_EQ(differing_bits(damaged, restored), 1);
    // All but the checksum is as it was, link and network headers included.
    const std::size_t checksum = (ipv6 ? 54 : 34) + 16;
    const auto same = [&](std::size_t begin, std::size_t end) {
      return std::equal(sound.bytes().begin() + static_cast<std::ptrdiff_t>(begin),
                        sound.bytes().begin() + static_cast<std::ptrdiff_t>(end),
                        restored.bytes().begin() + static_cast<std::ptrdiff_t>(begin));
    };
    EXPECT_TRUE(same(0, checksum));
    EXPECT_TRUE(same(checksum + 2, sound.bytes().size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Corruption, ::testing::Bool());

TEST(FrameDamage, PaddingIsNotHit) {
  // 20 bytes of IP header, 9 of payload, in a frame that Ethernet pads to 60.
  std::vector<std::byte> bytes(60);
  detail::put(bytes, 12, 0x0800, 2);
  detail::put(bytes, 14, 0x4511, 2);
  detail::put(bytes, 16, 29, 2);
  for (int i = 0; i < 100; ++i) {
    Frame frame = Frame::copy_of({}, bytes);
    ASSERT_TRUE(frame.corrupt(i / 100.0));
    const auto hit = std::mismatch(bytes.begin(), bytes.end(), frame.bytes().begin()).first - bytes.begin();
    EXPECT_GE(hit, 34);
    EXPECT_LT(hit, 43);
  }
  Frame arp = arp_frame();
  EXPECT_FALSE(arp.corrupt(0.5));
}

TEST(FrameDamage, MarksWhatMayBeMarked) {
  for (const std::uint32_t codepoint : {1u, 2u, 3u}) {
    std::vector<std::byte> bytes(100);
    detail::put(bytes, 12, 0x0800, 2);
    detail::put(bytes, 14, 0x4500 | 0x28 << 2 | codepoint, 2);
    detail::put(bytes, 22, 0x4011, 2);
    const Frame plain = Frame::copy_of({}, bytes);
    detail::put(bytes, 24, static_cast<std::uint16_t>(~ones_complement_sum(plain, 14, 34)), 2);
    Frame frame = Frame::copy_of({}, bytes);
    ASSERT_TRUE(frame.mark_congestion());
    EXPECT_EQ(read_big_endian(frame, 15, 1), 0x28u << 2 | 3) << "the DSCP stays";
    EXPECT_EQ(ones_complement_sum(frame, 14, 34), 0xffff);
  }
  Frame not_capable = udp_frame(100);
  EXPECT_FALSE(not_capable.mark_congestion());
  EXPECT_EQ(read_big_endian(not_capable, 15, 1), 0u);
  Frame arp = arp_frame();
  EXPECT_FALSE(arp.mark_congestion());
}

TEST(FrameDamage, MarksIpv6) {
  std::vector<std::byte> bytes(100);
  detail::put(bytes, 12, 0x86dd, 2);
  detail::put(bytes, 14, 0x6a2abcde, 4);  // traffic class 0xa2: ECT(0)
  Frame frame = Frame::copy_of({}, bytes);
  ASSERT_TRUE(frame.mark_congestion());
  EXPECT_EQ(read_big_endian(frame, 14, 4), 0x6a3abcdeu);
}

}  // namespace
}  // namespace geomx::shaper
