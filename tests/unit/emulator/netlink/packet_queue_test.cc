#include "emulator/netlink/packet_queue.h"

#include <arpa/inet.h>
#include <endian.h>
#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>

#include <cstring>
#include <vector>

namespace geomx::netlink {
namespace {

// A message as the kernel sends it, attribute by attribute.
class MessageBytes {
 public:
  explicit MessageBytes(int type = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET) {
    nlmsghdr header{};
    header.nlmsg_type = static_cast<std::uint16_t>(type);
    add(&header, sizeof header);
    const nfgenmsg extra{};
    add(&extra, sizeof extra);
  }
  void put(int type, const void* data, std::size_t size) {
    const nlattr attribute{static_cast<std::uint16_t>(sizeof(nlattr) + size), static_cast<std::uint16_t>(type)};
    add(&attribute, sizeof attribute);
    add(data, size);
  }
  void put_number(int type, std::uint32_t value) {
    value = htonl(value);
    put(type, &value, sizeof value);
  }
  std::vector<std::byte>& bytes() {
    const auto length = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &length, sizeof length);
    return bytes_;
  }

 private:
  void add(const void* data, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), begin, begin + size);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  std::vector<std::byte> bytes_;
};

MessageBytes packet(std::uint32_t id, std::size_t payload) {
  MessageBytes message;
  nfqnl_msg_packet_hdr header{};
  header.packet_id = htonl(id);
  message.put(NFQA_PACKET_HDR, &header, sizeof header);
  const std::vector<std::byte> bytes(payload, std::byte{0x45});
  message.put(NFQA_PAYLOAD, bytes.data(), bytes.size());
  return message;
}

TEST(QueuedPacket, OfAShortOneAllIsThere) {
  MessageBytes message = packet(7, 60);
  const auto found = parse_queued_packet(message.bytes());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, 7u);
  EXPECT_EQ(found->length, 60u);
  EXPECT_EQ(found->start.size(), 60u);
  EXPECT_FALSE(found->super_frame);
  EXPECT_EQ(found->stamp.count(), 0);
}

TEST(QueuedPacket, OfALongOneTheKernelSaysHowLongItIs) {
  MessageBytes message = packet(0x80000001, kQueuedBytes);
  message.put_number(NFQA_CAP_LEN, 190'000);
  message.put_number(NFQA_SKB_INFO, NFQA_SKB_GSO | NFQA_SKB_CSUMNOTREADY);
  const nfqnl_msg_packet_timestamp stamp{htobe64(12), htobe64(345'678)};
  message.put(NFQA_TIMESTAMP, &stamp, sizeof stamp);
  const auto found = parse_queued_packet(message.bytes());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, 0x80000001);
  EXPECT_EQ(found->length, 190'000u);
  EXPECT_EQ(found->start.size(), kQueuedBytes);
  EXPECT_TRUE(found->super_frame);
  EXPECT_EQ(found->stamp, std::chrono::seconds(12) + std::chrono::microseconds(345'678));
}

TEST(QueuedPacket, WhatIsNotOneIsNone) {
  EXPECT_FALSE(parse_queued_packet({}));
  EXPECT_FALSE(parse_queued_packet(MessageBytes(NLMSG_ERROR).bytes()));
  MessageBytes unnumbered;
  unnumbered.put_number(NFQA_CAP_LEN, 100);
  EXPECT_FALSE(parse_queued_packet(unnumbered.bytes()));
  MessageBytes short_header;
  short_header.put(NFQA_PACKET_HDR, "12", 2);
  EXPECT_FALSE(parse_queued_packet(short_header.bytes()));
}

TEST(QueuedPacket, CutAnywhereItIsNoneOrShorter) {
  MessageBytes message = packet(7, 40);
  for (std::size_t size = 0; size < message.bytes().size(); ++size) {
    EXPECT_FALSE(parse_queued_packet(std::span(message.bytes()).first(size))) << size;
  }
}

}  // namespace
}  // namespace geomx::netlink
