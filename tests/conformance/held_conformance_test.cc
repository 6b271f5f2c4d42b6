#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <future>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/socket.h"
#include "tests/conformance/shapers.h"
#include "tests/support/link_bed.h"
#include "tests/support/traffic.h"

// Links that only delay, whose frames stay in the kernel where it lets them (held_link.h): whether they do or not, what
// goes through the link and what it counts is the same.
namespace geomx::test {
namespace {

using shaper::Direction;
using shaper::Kind;
using std::chrono::milliseconds;

Direction delay_of(int delay_ms) {
  Direction direction;
  direction.delay = milliseconds(delay_ms);
  return direction;
}

Direction limited() {
  Direction direction = delay_of(5);
  direction.rate = BitsPerSecond{100'000'000};
  direction.queue = shaper::ByteLimit{2'000'000};
  return direction;
}

bool is_held(LinkBed& bed) {
  return bed.shaper().describe(true, {}).ends_with("frames stay in the kernel");
}

class Held : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    SKIP_UNLESS_AVAILABLE(Kind::wire, delay_of(1), delay_of(1));
    if (GetParam() && !can_hold_frames()) GTEST_SKIP() << "SKIPPED: on this kernel no frames stay in it";
  }
  shaper::WireLoopOptions options_{.hold = GetParam()};
};

void change_far_end(const LinkBed& bed, const netlink::LinkChange& change) {
  const sandbox::ScopedNetwork inside(bed.b());
  netlink::Socket socket;
  socket.execute(netlink::change_link("eth0", change));
  netlink::settle_links(socket);
}

TEST_P(Held, IsSaidWhereItIsSo) {
  LinkBed clear(Kind::wire, delay_of(1), delay_of(1), options_);
  EXPECT_EQ(is_held(clear), GetParam()) << clear.shaper().describe(true, {});
  LinkBed one_way(Kind::wire, delay_of(1), limited(), options_);
  EXPECT_FALSE(is_held(one_way)) << one_way.shaper().describe(true, {});
}

TEST_P(Held, DelaysAndCounts) {
  LinkBed bed(Kind::wire, delay_of(5), delay_of(5), options_);
  const std::vector<Nanoseconds> times = ping(bed.a(), LinkBed::kAddressB, 40, milliseconds(2));
  ASSERT_EQ(times.size(), 40u);
  std::vector<Nanoseconds> sorted = times;
  std::sort(sorted.begin(), sorted.end());
  std::cout << "round trip " << static_cast<double>(sorted[20].count()) / 1e6 << " ms\n";
  EXPECT_GT(sorted[0], milliseconds(10) - std::chrono::microseconds(50));
  EXPECT_LT(sorted[20], milliseconds(10) + std::chrono::microseconds(500));

  const Blast blast{.rate = BitsPerSecond{20'000'000}, .count = 300};
  EXPECT_EQ(blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, milliseconds(300)).size(), 300u);
  const shaper::LinkCounters counters = bed.shaper().counters();
  EXPECT_EQ(counters.forward.packets, 340u);
  EXPECT_EQ(counters.forward.bytes, 300 * kFullFrame + 40 * kPingFrame);
  EXPECT_EQ(counters.backward.packets, 40u);
  EXPECT_EQ(counters.forward.overruns + counters.forward.undelivered + counters.forward.dropped_queue, 0u);
  EXPECT_NEAR(static_cast<double>(counters.forward.delay_nanoseconds) / 1e6, 5, 0.5);
}

// Segments are counted, not super-frames: how many there are is derived from their headers where frames are held.
TEST_P(Held, CarriesTcpAndCountsItsSegments) {
  LinkBed bed(Kind::wire, delay_of(1), delay_of(1), options_);
  const TcpResult result = run_tcp(bed.a(), bed.b(), LinkBed::kAddressB, milliseconds(100), milliseconds(500), "cubic");
  std::cout << result.bits_per_second / 1e9 << " Gbit/s\n";
  EXPECT_GT(result.bits_per_second, 1e9);
  const shaper::DirectionCounters counters = bed.shaper().counters().forward;
  EXPECT_GT(static_cast<double>(counters.bytes) / static_cast<double>(counters.packets), 1400);
  EXPECT_LE(counters.bytes, counters.packets * kFullFrame);
  EXPECT_EQ(counters.undelivered, 0u);
}

FileDescriptor raw_socket(int netns) {
  const sandbox::ScopedNetwork inside(netns);
  FileDescriptor fd(check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)), "open packet socket"));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex("eth0"));
  check(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind packet socket");
  return fd;
}

// A frame to everybody, of that type, whose last byte is `number`.
std::array<std::uint8_t, 64> frame_of(std::uint16_t type, std::uint8_t number) {
  std::array<std::uint8_t, 64> frame{};
  std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
  frame[6] = 2;
  frame[12] = static_cast<std::uint8_t>(type >> 8);
  frame[13] = static_cast<std::uint8_t>(type & 0xff);
  if (type == ETH_P_IP) {
    constexpr std::array<std::uint8_t, 20> kHeader{0x45, 0,    0,  50, 0, 0, 0,  0, 64, 253,
                                                   0x66, 0xa0, 10, 9,  0, 1, 10, 9, 0,  2};
    std::copy(kHeader.begin(), kHeader.end(), frame.begin() + 14);
    std::uint32_t sum = 0;
    frame[24] = frame[25] = 0;
    for (std::size_t i = 14; i < 34; i += 2) sum += frame[i] << 8 | frame[i + 1];
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    frame[24] = static_cast<std::uint8_t>(~sum >> 8 & 0xff);
    frame[25] = static_cast<std::uint8_t>(~sum & 0xff);
  }
  frame[63] = number;
  return frame;
}

// By the packet sockets or by the bridge, each way has its own kinds: none gets lost between them, none goes by both.
TEST_P(Held, EveryProtocolPassesOnce) {
  LinkBed bed(Kind::wire, delay_of(3), delay_of(3), options_);
  constexpr std::array<std::uint16_t, 5> kTypes{ETH_P_IP, ETH_P_ARP, ETH_P_IPV6, ETH_P_LLDP, ETH_P_802_EX1};
  const FileDescriptor sender = raw_socket(bed.a());
  const FileDescriptor receiver = raw_socket(bed.b());
  constexpr std::uint8_t kEach = 20;
  for (std::uint8_t i = 0; i < kEach; ++i) {
    for (const std::uint16_t type : kTypes) {
      const auto frame = frame_of(type, i);
      ASSERT_EQ(::send(sender.get(), frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
    }
  }
  std::map<std::uint16_t, std::vector<int>> arrived;
  pollfd readable{receiver.get(), POLLIN, 0};
  while (::poll(&readable, 1, 300) > 0) {
    std::array<std::uint8_t, 2048> frame{};
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    if (::recvfrom(receiver.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &size) != 64) {
      continue;
    }
    if (from.sll_pkttype != PACKET_OUTGOING) arrived[frame[12] << 8 | frame[13]].push_back(frame[63]);
  }
  std::vector<int> all;
  for (int i = 0; i < kEach; ++i) all.push_back(i);
  for (const std::uint16_t type : kTypes) EXPECT_EQ(arrived[type], all) << "type " << std::hex << type;
  const shaper::DirectionCounters counters = bed.shaper().counters().forward;
  EXPECT_EQ(counters.packets, kTypes.size() * kEach);
  EXPECT_EQ(counters.overruns + counters.undelivered, 0u);
}

TEST_P(Held, AFarEndThatIsDownGetsNothingUntilItIsUpAgain) {
  LinkBed bed(Kind::wire, delay_of(2), delay_of(2), options_);
  const Blast blast{.rate = BitsPerSecond{10'000'000}, .count = 20};
  for (const std::uint64_t undelivered : {20U, 40U}) {
    EXPECT_EQ(blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, milliseconds(100)).size(), 20u);
    change_far_end(bed, {.up = false});
    blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, milliseconds(100));
    const shaper::DirectionCounters counters = bed.shaper().counters().forward;
    EXPECT_EQ(counters.undelivered, undelivered);
    EXPECT_EQ(counters.overruns, 0u);
    change_far_end(bed, {.up = true});
    netlink::Socket own;
    netlink::settle_links(own);
    const sandbox::ScopedNetwork inside(bed.b());
    netlink::Socket socket;
    const int index = netlink::get_link(socket, "eth0").index;
    socket.execute(netlink::add_neighbour({index, 0x0a090001, {2, 0, 10, 9, 0, 1}}, "eth0"));
  }
}

TEST_P(Held, WhatTheMachineLosesIsAnOverrun) {
  LinkBed bed(Kind::wire, delay_of(2), delay_of(2), options_);
  change_far_end(bed, {.mtu = 1000});
  const Blast blast{.rate = BitsPerSecond{50'000'000}, .count = 50};
  EXPECT_EQ(blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, milliseconds(300)).size(), 0u);
  const shaper::DirectionCounters counters = bed.shaper().counters().forward;
  EXPECT_EQ(counters.overruns, 50u);
  EXPECT_EQ(counters.undelivered, 0u);
}

TEST_P(Held, ALinkThatIsDownDropsAtItsBeginning) {
  LinkBed bed(Kind::wire, delay_of(2), delay_of(2), options_);
  Direction down = delay_of(2);
  down.down = true;
  bed.shaper().change(down, down);
  const Blast blast{.rate = BitsPerSecond{50'000'000}, .count = 200};
  EXPECT_EQ(blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, milliseconds(100)).size(), 0u);
  EXPECT_EQ(bed.shaper().counters().forward.dropped_queue, 200u);
  bed.shaper().change(delay_of(2), delay_of(2));
  EXPECT_EQ(blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, blast, milliseconds(100)).size(), 200u);
  EXPECT_EQ(is_held(bed), GetParam());
}

// While datagrams flow, the link gets a rate and loses it, again and again: frames go over from the kernel to the
// packet sockets and back.
TEST_P(Held, ALiveChangeLosesNothingAndDoublesNothing) {
  LinkBed bed(Kind::wire, delay_of(20), delay_of(20), options_);
  constexpr std::uint32_t kCount = 9000;
  auto flow = std::async(std::launch::async, [&bed] {
    return blast_udp(bed.a(), bed.b(), LinkBed::kAddressB, {BitsPerSecond{40'000'000}, kCount}, milliseconds(500));
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int changes = 0;
  for (std::uint64_t next = 300; next + 600 < kCount; next += 300) {
    while (bed.shaper().counters().forward.packets < next && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    ++changes;
    Direction direction = changes % 2 == 1 ? limited() : delay_of(5);
    direction.delay = milliseconds(20);
    bed.shaper().change(direction, direction);
    EXPECT_EQ(is_held(bed), GetParam() && changes % 2 == 0);
  }
  const std::vector<Datagram> received = flow.get();
  std::map<std::uint32_t, int> times;
  for (const Datagram& datagram : received) ++times[datagram.sequence];
  std::size_t doubled = 0;
  for (const auto& [sequence, count] : times) doubled += count > 1 ? 1 : 0;
  std::cout << changes << " changes, " << times.size() << " of " << kCount << " datagrams arrived, " << doubled
            << " more than once\n";
  EXPECT_EQ(times.size(), kCount);
  EXPECT_EQ(doubled, 0u);
  EXPECT_TRUE(std::is_sorted(received.begin(), received.end(),
                             [](const Datagram& a, const Datagram& b) { return a.sequence < b.sequence; }));
  const shaper::DirectionCounters counters = bed.shaper().counters().forward;
  EXPECT_EQ(counters.packets, kCount);
  EXPECT_EQ(counters.overruns + counters.undelivered + counters.dropped_queue, 0u);
}

// A saturated link, of super-frames as long as they get: the packet sockets have no room for these.
TEST_P(Held, TcpOutlivesLiveChanges) {
  LinkBed bed(Kind::wire, delay_of(1), delay_of(1), options_);
  auto flow = std::async(std::launch::async, [&bed] {
    return run_tcp(bed.a(), bed.b(), LinkBed::kAddressB, milliseconds(1500), milliseconds(500), "cubic");
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::uint64_t next = 0;
  for (int changes = 0; changes < 4; ++changes) {
    next = bed.shaper().counters().forward.packets + 5000;
    while (bed.shaper().counters().forward.packets < next && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    bed.shaper().change(changes % 2 == 0 ? limited() : delay_of(1), changes % 2 == 0 ? limited() : delay_of(1));
  }
  const TcpResult result = flow.get();
  const shaper::DirectionCounters counters = bed.shaper().counters().forward;
  std::cout << result.bits_per_second / 1e9 << " Gbit/s after the changes, " << counters.overruns << " overruns\n";
  EXPECT_EQ(is_held(bed), GetParam());
  EXPECT_GT(result.bits_per_second, 1e9);
}

INSTANTIATE_TEST_SUITE_P(Frames, Held, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "in_the_kernel" : "by_packet_sockets"; });

// The bridge is not to be seen once the link is gone, and the next link can have one.
TEST(HeldLink, LeavesNothingBehind) {
  SKIP_UNLESS_AVAILABLE(Kind::wire, delay_of(1), delay_of(1));
  if (!can_hold_frames()) GTEST_SKIP() << "SKIPPED: on this kernel no frames stay in it";
  for (int i = 0; i < 2; ++i) {
    LinkBed bed(Kind::wire, delay_of(1), delay_of(1));
    EXPECT_TRUE(is_held(bed));
  }
  netlink::Socket socket;
  for (const netlink::Link& link : netlink::list_links(socket)) EXPECT_NE(link.kind, "bridge") << link.name;
}

}  // namespace
}  // namespace geomx::test
