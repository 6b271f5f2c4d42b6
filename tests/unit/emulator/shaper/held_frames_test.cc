#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "emulator/shaper/engine.h"
#include "emulator/shaper/frame_queue.h"
#include "emulator/shaper/twins.h"
#include "tests/unit/emulator/shaper/frames.h"

namespace geomx::shaper {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::span<const std::byte> packet_of(const Frame& frame) {
  return frame.bytes().subspan(14);
}

netlink::QueuedPacket queued(const Frame& frame, bool super_frame) {
  const auto packet = packet_of(frame);
  return {.id = 1,
          .length = static_cast<std::uint32_t>(packet.size()),
          .super_frame = super_frame,
          .start = packet.first(std::min<std::size_t>(packet.size(), netlink::kQueuedBytes))};
}

// What a packet socket would have been told is derived.
TEST(HeldShape, IsThatOfTheFrameWhereItsSegmentsAreFull) {
  for (const std::uint32_t payload : {1449U, 2 * 1448U, 20 * 1448U + 7, 44 * 1448U}) {
    const Frame frame = tcp_super_frame(payload, 1448);
    const FrameShape shape = shape_of(queued(frame, true), 1500);
    EXPECT_EQ(shape.segments, frame.shape().segments);
    EXPECT_EQ(shape.wire_bytes, frame.shape().wire_bytes);
    EXPECT_EQ(shape.header_size, frame.shape().header_size);
    EXPECT_TRUE(shape.is_ip);
  }
}

TEST(HeldShape, OfALongSuperFrameIsThatOfItsLength) {
  const Frame frame = tcp_super_frame(2000, 1448);
  netlink::QueuedPacket packet = queued(frame, true);
  packet.length = 52 + 130 * 1448;
  EXPECT_EQ(shape_of(packet, 1500).segments, 130u);
  EXPECT_EQ(shape_of(packet, 1500).wire_bytes, 130u * 1514);
  EXPECT_EQ(shape_of(packet, 9000).segments, 22u);
}

TEST(HeldShape, OfAPlainFrameIsOnePacket) {
  const Frame frame = udp_frame(1000);
  EXPECT_EQ(shape_of(queued(frame, false), 1500).segments, 1u);
  EXPECT_EQ(shape_of(queued(frame, false), 1500).wire_bytes, 1000u);
  const Frame super_frame = tcp_super_frame(5000, 1448);
  netlink::QueuedPacket headless = queued(super_frame, true);
  headless.start = headless.start.first(30);
  EXPECT_EQ(shape_of(headless, 1500).segments, 1u);
}

TEST(Likeness, IsOfTheSamePacketAtTheSameTimeHoweverMuchOfItIsThere) {
  const Frame frame = tcp_super_frame(5000, 1448);
  const Likeness all = likeness_of(packet_of(frame), microseconds(5) + Nanoseconds(999));
  EXPECT_EQ(all, likeness_of(queued(frame, true).start, microseconds(5)));
  EXPECT_NE(all, likeness_of(packet_of(frame), microseconds(6)));
  EXPECT_NE(likeness_of(packet_of(udp_frame(80, 1)), microseconds(5)),
            likeness_of(packet_of(udp_frame(80, 2)), microseconds(5)));
}

TEST(Likeness, OfAPaddedFrameIsThatOfItsPacket) {
  std::vector<std::byte> packet(46);
  packet[0] = std::byte{0x45};
  packet[3] = std::byte{28};
  EXPECT_EQ(likeness_of(packet, microseconds(1)), likeness_of(std::span(packet).first(28), microseconds(1)));
}

TEST(Sightings, EachIsTakenOnce) {
  Sightings sightings;
  const Likeness one{microseconds(1), 1};
  sightings.add(one);
  sightings.add(one);
  EXPECT_FALSE(sightings.take({microseconds(2), 1}));
  EXPECT_TRUE(sightings.take(one));
  EXPECT_TRUE(sightings.take(one));
  EXPECT_FALSE(sightings.take(one));
  EXPECT_TRUE(sightings.empty());
}

TEST(Doubtful, WhatHasNoTwinStaysInOrder) {
  Doubtful doubtful;
  for (std::uint32_t i = 0; i < 4; ++i) doubtful.add({{microseconds(i), i}, udp_frame(60, i), microseconds(i)});
  EXPECT_TRUE(doubtful.remove({microseconds(1), 1}));
  EXPECT_FALSE(doubtful.remove({microseconds(1), 1}));
  const auto left = doubtful.take_all();
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(number_of(left[0].frame), 0u);
  EXPECT_EQ(number_of(left[1].frame), 2u);
  EXPECT_EQ(number_of(left[2].frame), 3u);
  EXPECT_TRUE(doubtful.take_all().empty());
}

class Tickets final : public FrameMemory {
 public:
  Frame frame(std::uint32_t id, const FrameShape& shape, std::uint32_t memory) {
    FrameData data(new std::byte[sizeof id], {this});
    std::memcpy(data.get(), &id, sizeof id);
    return Frame::held(std::move(data), sizeof id, shape, memory);
  }
  void take_back(std::byte* data) noexcept override {
    std::uint32_t id = 0;
    std::memcpy(&id, data, sizeof id);
    delete[] data;
    returned.push_back(id);
  }
  std::vector<std::uint32_t> returned;
};

FrameShape of_segments(std::uint32_t count) {
  return {.segments = count, .wire_bytes = count * 1514, .header_size = 66, .network_offset = 14, .is_ip = true};
}

TEST(HeldFrame, IsDelayedAndCountedLikeAnyOther) {
  Direction direction;
  direction.delay = milliseconds(5);
  Tickets tickets;
  Engine engine(direction);
  engine.push(tickets.frame(1, of_segments(40), 60'000), Time(0));
  EXPECT_FALSE(engine.pop(milliseconds(5) - Nanoseconds(1)));
  {
    const auto departure = engine.pop(milliseconds(5));
    ASSERT_TRUE(departure);
    EXPECT_TRUE(departure->frame.is_held());
    EXPECT_TRUE(tickets.returned.empty());
  }
  EXPECT_EQ(tickets.returned, std::vector<std::uint32_t>{1});
  EXPECT_EQ(engine.statistics().snapshot().packets, 40u);
  EXPECT_EQ(engine.statistics().snapshot().bytes, 40u * 1514);
}

// Whatever the link becomes meanwhile: its ticket is all that there is of the frame.
TEST(HeldFrame, TravelsOnWholeThroughAnyChange) {
  Direction direction;
  direction.delay = milliseconds(5);
  Tickets tickets;
  Engine engine(direction);
  engine.push(tickets.frame(1, of_segments(40), 60'000), Time(0));
  Direction other;
  other.rate = BitsPerSecond{1'000'000};
  other.delay = milliseconds(50);
  other.loss = 1;
  other.corrupt = 1;
  other.duplicate = 1;
  engine.change(other, milliseconds(1));
  const auto departure = engine.pop(milliseconds(5));
  ASSERT_TRUE(departure);
  EXPECT_EQ(departure->frame.shape().segments, 40u);
  EXPECT_FALSE(engine.pop(std::chrono::seconds(1)));
  EXPECT_EQ(engine.statistics().snapshot().dropped_loss, 0u);
}

TEST(HeldFrame, IsGivenBackWhereTheLinkIsDownOrFull) {
  Direction direction;
  direction.delay = milliseconds(5);
  Tickets tickets;
  Engine engine(direction);
  const auto half = static_cast<std::uint32_t>(kMostTravelling.value / 2);
  for (const std::uint32_t id : {1U, 2U, 3U}) engine.push(tickets.frame(id, of_segments(1), half), Time(0));
  EXPECT_EQ(tickets.returned, std::vector<std::uint32_t>{3});
  EXPECT_EQ(engine.statistics().snapshot().overruns, 1u);
  direction.down = true;
  engine.change(direction, milliseconds(1));
  engine.push(tickets.frame(4, of_segments(2), 3000), milliseconds(1));
  EXPECT_EQ(tickets.returned, (std::vector<std::uint32_t>{3, 4}));
  EXPECT_EQ(engine.statistics().snapshot().dropped_queue, 2u);
}

}  // namespace
}  // namespace geomx::shaper
