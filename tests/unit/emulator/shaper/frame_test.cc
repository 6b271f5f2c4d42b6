#include "emulator/shaper/frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tests/unit/emulator/shaper/frames.h"

namespace geomx::shaper {
namespace {

constexpr std::uint16_t kMss = 1448;
constexpr std::uint32_t kHeaders4 = 14 + 20 + 32;
constexpr std::uint32_t kHeaders6 = 14 + 40 + 32;

class Owner final : public FrameMemory {
 public:
  void take_back(std::byte* data) noexcept override {
    EXPECT_EQ(data, memory.data());
    ++returned;
  }
  std::array<std::byte, 100> memory{};
  int returned = 0;
};

TEST(Frame, GivesBorrowedMemoryBackOnce) {
  Owner owner;
  {
    Frame frame({}, FrameData(owner.memory.data(), {&owner}), 60);
    EXPECT_EQ(frame.bytes().data(), owner.memory.data()) << "not copied";
    Frame moved = std::move(frame);
    const Frame copy = moved.clone();
    EXPECT_NE(copy.bytes().data(), owner.memory.data());
    EXPECT_EQ(owner.returned, 0);
    moved = Frame();
    EXPECT_EQ(owner.returned, 1);
  }
  EXPECT_EQ(owner.returned, 1);
}

TEST(Frame, MeasuresPlainFrames) {
  const Frame udp = udp_frame(1514);
  EXPECT_EQ(udp.shape().segments, 1u);
  EXPECT_EQ(udp.shape().wire_bytes, 1514u);
  EXPECT_TRUE(udp.shape().is_ip);
  EXPECT_FALSE(arp_frame().shape().is_ip);
}

TEST(Frame, MeasuresSuperFramesAsTheirSegments) {
  const Frame frame = tcp_super_frame(10 * kMss + 7, kMss);
  EXPECT_EQ(frame.shape().segments, 11u);
  EXPECT_EQ(frame.shape().header_size, kHeaders4);
  EXPECT_EQ(frame.shape().wire_bytes, 10 * kMss + 7 + 11 * kHeaders4);
  EXPECT_EQ(frame.wire_bytes(0, 1), kMss + kHeaders4);
  EXPECT_EQ(frame.wire_bytes(10, 1), 7 + kHeaders4);
  EXPECT_EQ(frame.wire_bytes(0, 10) + frame.wire_bytes(10, 1), frame.shape().wire_bytes);
}

TEST(Frame, GarbageIsOneFrame) {
  VnetHeader header;
  header.flags = VnetHeader::kNeedsChecksum;
  header.gso_type = VnetHeader::kTcp4;
  header.gso_size = 100;
  for (const std::uint16_t start : {0, 14, 30, 59, 60, 65535}) {
    header.csum_start = start;
    std::vector<std::byte> bytes(60, std::byte{0xff});
    bytes[12] = std::byte{0x08};
    bytes[13] = std::byte{0x00};
    EXPECT_EQ(Frame::copy_of(header, bytes).shape().segments, 1u) << start;
  }
  EXPECT_EQ(Frame::copy_of(VnetHeader{}, {}).shape().segments, 1u);
}

// The payloads of the slices, one after the other, are the payload.
void expect_tiles(const Frame& whole, const std::vector<Frame>& slices, std::uint32_t headers) {
  std::vector<std::byte> found;
  std::uint32_t wire_bytes = 0;
  for (const Frame& slice : slices) {
    found.insert(found.end(), slice.bytes().begin() + headers, slice.bytes().end());
    wire_bytes += slice.shape().wire_bytes;
  }
  EXPECT_TRUE(std::equal(found.begin(), found.end(), whole.bytes().begin() + headers, whole.bytes().end()));
  EXPECT_EQ(wire_bytes, whole.shape().wire_bytes);
}

TEST(Frame, SlicesAreTheSegmentsThatTheKernelWouldMake) {
  const Frame whole = tcp_super_frame(10 * kMss + 7, kMss);
  std::vector<Frame> slices;
  for (std::uint32_t i = 0; i < 11; ++i) slices.push_back(whole.slice(i, 1));
  expect_tiles(whole, slices, kHeaders4);
  for (std::uint32_t i = 0; i < 11; ++i) {
    const Frame& slice = slices[i];
    SCOPED_TRACE(i);
    const std::uint32_t length = i == 10 ? 7 : kMss;
    EXPECT_EQ(slice.header().gso_type, VnetHeader::kNone);
    EXPECT_EQ(slice.header().flags, VnetHeader::kNeedsChecksum);
    EXPECT_EQ(read_big_endian(slice, 16, 2), kHeaders4 - 14 + length);
    EXPECT_EQ(read_big_endian(slice, 18, 2), (0xfffe + i) & 0xffff);
    EXPECT_EQ(ones_complement_sum(slice, 14, 34), 0xffff);
    EXPECT_EQ(read_big_endian(slice, 38, 4), 0xffffff00 + i * kMss);
    const std::uint32_t flags = read_big_endian(slice, 47, 1);
    EXPECT_EQ(flags, 0x10u | (i == 0 ? 0x80u : 0u) | (i == 10 ? 0x09u : 0u));
    // What is to be completed starts from the pseudo-header: addresses, protocol, length of the TCP segment.
    EXPECT_EQ(read_big_endian(slice, 50, 2), ones_complement_sum(slice, 26, 34, 6 + 32 + length));
  }
}

TEST(Frame, SlicesOfSeveralSegmentsAreSuperFrames) {
  const Frame whole = tcp_super_frame(10 * kMss + 7, kMss);
  const Frame first = whole.slice(0, 4);
  const Frame rest = whole.slice(4, 7);
  EXPECT_EQ(first.shape().segments, 4u);
  EXPECT_EQ(rest.shape().segments, 7u);
  EXPECT_EQ(first.header().gso_size, kMss);
  EXPECT_EQ(first.header().gso_type, VnetHeader::kTcp4 | VnetHeader::kEcn);
  EXPECT_EQ(rest.header().gso_type, VnetHeader::kTcp4);
  EXPECT_EQ(rest.header().hdr_len, kHeaders4);
  std::vector<Frame> slices;
  slices.push_back(whole.slice(0, 4));
  slices.push_back(whole.slice(4, 7));
  expect_tiles(whole, slices, kHeaders4);
  // A slice of a slice is the same as the slice of the whole.
  const Frame direct = whole.slice(5, 1);
  const Frame indirect = rest.slice(1, 1);
  EXPECT_TRUE(
      std::equal(direct.bytes().begin(), direct.bytes().end(), indirect.bytes().begin(), indirect.bytes().end()));
}

TEST(Frame, SlicesIpv6) {
  const Frame whole = tcp_super_frame(3 * kMss, kMss, true);
  EXPECT_EQ(whole.shape().segments, 3u);
  const Frame slice = whole.slice(1, 1);
  EXPECT_EQ(slice.bytes().size(), kHeaders6 + kMss);
  EXPECT_EQ(read_big_endian(slice, 18, 2), 32u + kMss);
  EXPECT_EQ(read_big_endian(slice, 54 + 16, 2), ones_complement_sum(slice, 22, 54, 6 + 32 + kMss));
}

}  // namespace
}  // namespace geomx::shaper
