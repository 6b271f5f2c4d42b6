#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "emulator/base/error.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/belongings.h"
#include "emulator/netlink/counters.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/qdisc.h"
#include "emulator/netlink/route.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/namespace.h"
#include "tests/support/private_network_environment.h"
#include "tests/support/udp.h"

namespace geomx::netlink {
namespace {

using sandbox::Namespace;
using sandbox::ScopedNetwork;
using namespace std::chrono_literals;

const auto* const environment = testing::AddGlobalTestEnvironment(new test::PrivateNetwork);

constexpr std::uint32_t ip(int a, int b, int c, int d) {
  return static_cast<std::uint32_t>(a << 24 | b << 16 | c << 8 | d);
}

Mac mac(int number) {
  return {2, 0, 0, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

// A network namespace with its sockets.
struct Node {
  explicit Node(bool forward = false) : network(Namespace::create_network({.forward = forward})) {
    const ScopedNetwork inside(network);
    socket.emplace();
    counters.emplace();
  }
  test::Udp udp(std::uint32_t address) const {
    const ScopedNetwork inside(network);
    return test::Udp(address);
  }
  LinkCounters link(int index) { return counters->link(index).value(); }
  QdiscCounters root_qdisc(int index) { return counters->qdisc(index, handle(1)).value(); }

  Namespace network;
  std::optional<Socket> socket;
  std::optional<CounterReader> counters;
};

constexpr int kIndex = 10;
constexpr std::uint32_t kLeft = ip(10, 0, 0, 1);
constexpr std::uint32_t kRight = ip(10, 0, 0, 2);

// Two nodes, one link, no traffic but the tests'.
class Pair : public testing::Test {
 protected:
  Pair() {
    left.socket->execute(add_veth({.name = "eth0", .index = kIndex, .mac = mac(1), .up = true},
                                  {.name = "eth0", .netns_fd = right.network.fd(), .index = kIndex, .mac = mac(2)}));
    right.socket->execute(set_up(kIndex, "right"));
    left.socket->execute(add_address(kIndex, {kLeft, 24}, "left"));
    right.socket->execute(add_address(kIndex, {kRight, 24}, "right"));
    left.socket->execute(add_neighbour({kIndex, kRight, mac(2)}, "left"));
    right.socket->execute(add_neighbour({kIndex, kLeft, mac(1)}, "right"));
    settle_links(*left.socket);
    settle_links(*right.socket);
  }
  Node left;
  Node right;
};

TEST_F(Pair, OneMessageSetsEverything) {
  const Link link = get_link(*right.socket, "eth0");
  EXPECT_EQ(link.index, kIndex);
  EXPECT_EQ(link.kind, "veth");
  EXPECT_EQ(link.peer_index, kIndex);
  EXPECT_EQ(to_string(link.mac), "02:00:00:00:00:02");
  EXPECT_TRUE(link.up);
  EXPECT_TRUE(link.running);
  EXPECT_EQ(link.mtu, 1500);
}

TEST_F(Pair, CarriesPacketsAndCountsThem) {
  const test::Udp from = left.udp(kLeft);
  const test::Udp to = right.udp(kRight);
  constexpr int kPackets = 20;
  constexpr std::size_t kPayload = 1000;
  for (int i = 0; i < kPackets; ++i) ASSERT_TRUE(from.send(kRight, kPayload));
  for (int i = 0; i < kPackets; ++i) {
    const auto received = to.receive(5s);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->bytes, kPayload);
  }
  // Not one packet more: the permanent neighbours spare the ARP exchange, and IPv6 is silent.
  EXPECT_EQ(left.link(kIndex).tx_packets, 20u);
  EXPECT_EQ(left.link(kIndex).tx_bytes, 20 * (kPayload + 8 + 20 + 14));
  EXPECT_EQ(right.link(kIndex).rx_packets, 20u);
  EXPECT_EQ(right.link(kIndex).rx_bytes, 20 * (kPayload + 8 + 20 + 14));
  EXPECT_EQ(right.link(kIndex).tx_packets, 0u);
}

TEST_F(Pair, ListsWhatWasSet) {
  const std::vector<Neighbour> neighbours = list_permanent_neighbours(*left.socket);
  ASSERT_EQ(neighbours.size(), 1u);
  EXPECT_EQ(neighbours[0].address, kRight);
  EXPECT_EQ(neighbours[0].mac, mac(2));
  const std::vector<Address> addresses = list_addresses(*left.socket);
  EXPECT_TRUE(std::any_of(addresses.begin(), addresses.end(), [](const Address& address) {
    return address.link_index == kIndex && address.prefix == Ipv4Prefix{kLeft, 24};
  }));
  const std::vector<Route> routes = list_routes(*left.socket);
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].destination, (Ipv4Prefix{ip(10, 0, 0, 0), 24}));

  left.socket->execute(delete_neighbour({kIndex, kRight, mac(2)}, "left"));
  EXPECT_TRUE(list_permanent_neighbours(*left.socket).empty());
  left.socket->execute(delete_address(kIndex, {kLeft, 24}, "left"));
  EXPECT_TRUE(list_routes(*left.socket).empty());
}

TEST_F(Pair, ChangesLinks) {
  left.socket->execute(change_link(
      "eth0", {.up = false, .mac = mac(77), .mtu = 1400, .txqueuelen = 50, .gso_max_size = 20000, .gso_max_segs = 7}));
  Link link = get_link(*left.socket, "eth0");
  EXPECT_FALSE(link.up);
  EXPECT_EQ(link.mac, mac(77));
  EXPECT_EQ(link.mtu, 1400);
  EXPECT_EQ(link.txqueuelen, 50);
  EXPECT_EQ(link.gso_max_size, 20000u);
  EXPECT_EQ(link.gso_max_segs, 7u);
  settle_links(*right.socket);
  EXPECT_FALSE(get_link(*right.socket, "eth0").running);

  left.socket->execute(set_up("eth0"));
  settle_links(*right.socket);
  EXPECT_TRUE(get_link(*right.socket, "eth0").running);

  const Node other;
  Socket there = [&] {
    const ScopedNetwork inside(other.network);
    return Socket();
  }();
  left.socket->execute(change_link("eth0", {.move_to_netns_fd = other.network.fd()}));
  EXPECT_THROW(get_link(*left.socket, "eth0"), SystemError);
  EXPECT_EQ(get_link(there, "eth0").kind, "veth");
  there.execute(delete_link("eth0"));
  EXPECT_THROW(get_link(*right.socket, "eth0"), SystemError);
}

TEST(Veth, SecondEndsHaveLimits) {
  EXPECT_THROW(add_veth({.name = "a"}, {.name = "b", .up = true}), InputError);
  EXPECT_THROW(add_veth({.name = "a"}, {.name = "b", .master = 3}), InputError);
  EXPECT_THROW(add_veth({.name = "a"}, {.name = "b", .index = 3}), InputError);
}

TEST(Veth, SuperFramesAreBoundAtCreation) {
  Node node;
  node.socket->execute(add_veth({.name = "a", .gso_max_size = 9000, .txqueuelen = 33},
                                {.name = "b", .gso_max_size = 3000, .gso_max_segs = 2, .txqueuelen = 44}));
  EXPECT_EQ(get_link(*node.socket, "a").gso_max_size, 9000u);
  EXPECT_EQ(get_link(*node.socket, "a").txqueuelen, 33);
  EXPECT_EQ(get_link(*node.socket, "b").gso_max_size, 3000u);
  EXPECT_EQ(get_link(*node.socket, "b").gso_max_segs, 2u);
  EXPECT_EQ(get_link(*node.socket, "b").txqueuelen, 44);
}

TEST(Bridge, ForwardsBetweenItsPorts) {
  Node fabric;
  Node hosts[3];
  constexpr int kBridge = 5;
  Batch batch;
  batch.push_back(add_bridge({.name = "switch", .netns_fd = fabric.network.fd(), .index = kBridge}));
  for (int i = 0; i < 3; ++i) {
    batch.push_back(add_veth({.name = "port" + std::to_string(i),
                              .netns_fd = fabric.network.fd(),
                              .index = 100 + i,
                              .up = true,
                              .master = kBridge},
                             {.name = "eth0", .netns_fd = hosts[i].network.fd(), .index = kIndex, .mac = mac(i)}));
  }
  // From a namespace that none of the links is in.
  Node outside;
  outside.socket->execute(batch);
  for (int i = 0; i < 3; ++i) {
    hosts[i].socket->execute(set_up(kIndex, "host"));
    hosts[i].socket->execute(add_address(kIndex, {ip(10, 0, 0, i + 1), 24}, "host"));
  }
  for (Node& host : hosts) settle_links(*host.socket);
  settle_links(*fabric.socket);

  EXPECT_EQ(get_link(*fabric.socket, "port2").master, kBridge);
  EXPECT_TRUE(get_link(*fabric.socket, "port2").forwarding);
  EXPECT_FALSE(get_link(*fabric.socket, "switch").forwarding);
  const test::Udp from = hosts[0].udp(ip(10, 0, 0, 1));
  const test::Udp to = hosts[2].udp(ip(10, 0, 0, 3));
  ASSERT_TRUE(from.send(ip(10, 0, 0, 3), 100));
  EXPECT_TRUE(to.receive(5s));

  fabric.socket->execute(change_link("port2", {.master = 0}));
  EXPECT_EQ(get_link(*fabric.socket, "port2").master, 0);
  EXPECT_FALSE(get_link(*fabric.socket, "port2").forwarding);
  ASSERT_TRUE(from.send(ip(10, 0, 0, 3), 100));
  EXPECT_FALSE(to.receive(100ms));
}

TEST(Route, CrossesARouter) {
  Node a;
  Node router(true);
  Node b;
  router.socket->execute(add_veth({.name = "eth0", .index = 20, .up = true},
                                  {.name = "eth0", .netns_fd = a.network.fd(), .index = kIndex}));
  router.socket->execute(add_veth({.name = "eth1", .index = 21, .up = true},
                                  {.name = "eth0", .netns_fd = b.network.fd(), .index = kIndex}));
  router.socket->execute(add_address(20, {ip(10, 1, 0, 1), 24}, "router"));
  router.socket->execute(add_address(21, {ip(10, 2, 0, 1), 24}, "router"));
  a.socket->execute(set_up(kIndex, "a"));
  b.socket->execute(set_up(kIndex, "b"));
  a.socket->execute(add_address(kIndex, {ip(10, 1, 0, 2), 24}, "a"));
  b.socket->execute(add_address(kIndex, {ip(10, 2, 0, 2), 24}, "b"));
  a.socket->execute(add_route({.destination = {ip(10, 2, 0, 0), 24}, .gateway = ip(10, 1, 0, 1)}, "a"));
  b.socket->execute(add_route({.destination = {0, 0}, .gateway = ip(10, 2, 0, 1), .link_index = kIndex}, "b"));

  for (Node* node : {&a, &router, &b}) settle_links(*node->socket);

  const test::Udp from = a.udp(ip(10, 1, 0, 2));
  const test::Udp to = b.udp(ip(10, 2, 0, 2));
  ASSERT_TRUE(from.send(ip(10, 2, 0, 2), 100));
  const auto received = to.receive(5s);
  ASSERT_TRUE(received);
  EXPECT_EQ(received->ttl, 63);  // 64, less one router
  ASSERT_TRUE(to.send(ip(10, 1, 0, 2), 100));
  EXPECT_TRUE(from.receive(5s));

  a.socket->execute(delete_route({.destination = {ip(10, 2, 0, 0), 24}, .gateway = ip(10, 1, 0, 1)}, "a"));
  EXPECT_FALSE(from.send(ip(10, 2, 0, 2), 100));
  a.socket->execute(add_route({.destination = {ip(10, 2, 0, 2), 32}, .gateway = ip(10, 1, 0, 1)}, "a"));
  EXPECT_TRUE(from.send(ip(10, 2, 0, 2), 100));
}

TEST_F(Pair, TbfLimitsTheRate) {
  constexpr double kRate = 5e6;
  left.socket->execute(add_qdisc({.link_index = kIndex}, Tbf{{5'000'000}, {3000}, 1 << 20}, "left"));
  const test::Udp from = left.udp(kLeft);
  const test::Udp to = right.udp(kRight);
  constexpr std::size_t kPayload = 1458;  // 1500-byte frames
  constexpr int kPackets = 100;           // 0.24 s; all of them fit the queue, and the receiver
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kPackets; ++i) ASSERT_TRUE(from.send(kRight, kPayload));
  std::chrono::steady_clock::time_point last{};
  for (int i = 0; i < kPackets; ++i) {
    const auto received = to.receive(5s);
    ASSERT_TRUE(received) << "packet " << i;
    last = received->at;
  }
  // The first two frames are the idle link's credit. A busy machine may make it slower, but nothing makes it faster.
  const double bits = (kPackets - 2) * (kPayload + 42) * 8.0;
  const double measured = bits / std::chrono::duration<double>(last - start).count();
  EXPECT_LE(measured, kRate);
  EXPECT_GE(measured, 0.7 * kRate);
}

TEST_F(Pair, QdiscCountersAddUp) {
  // Room for four frames of 1042 bytes; so slow that none leaves but those the burst lets go at once.
  left.socket->execute(add_qdisc({.link_index = kIndex}, Tbf{{8000}, {2100}, 4200}, "left"));
  const test::Udp from = left.udp(kLeft);
  constexpr int kPackets = 20;
  for (int i = 0; i < kPackets; ++i) from.send(kRight, 1000);
  const QdiscCounters counters = left.root_qdisc(kIndex);
  EXPECT_EQ(counters.kind, "tbf");
  EXPECT_EQ(counters.handle, handle(1));
  EXPECT_EQ(counters.qlen, 4u);
  EXPECT_EQ(counters.backlog, 4 * 1042u);
  EXPECT_EQ(counters.packets, 2u);
  EXPECT_EQ(counters.bytes, 2 * 1042u);
  EXPECT_EQ(counters.packets + counters.qlen + counters.drops, 20u);
}

TEST_F(Pair, OneDumpHasAllQdiscs) {
  constexpr int kLinks = 300;  // more than one answer of the kernel holds
  for (int i = 0; i < kLinks; ++i) {
    left.socket->execute(add_veth({.name = "l" + std::to_string(i), .index = 100 + i, .up = true},
                                  {.name = "r" + std::to_string(i), .netns_fd = right.network.fd()}));
    left.socket->execute(add_qdisc({.link_index = 100 + i}, Tbf{{8000}, {2100}, 4200}, "left"));
  }
  left.socket->execute(add_qdisc({.link_index = kIndex}, Tbf{{8000}, {2100}, 4200}, "left"));
  const test::Udp from = left.udp(kLeft);
  for (int i = 0; i < 20; ++i) from.send(kRight, 1000);
  std::set<int> seen;
  for (const QdiscCounters& counters : left.counters->qdiscs()) {
    if (counters.kind != "tbf") continue;
    EXPECT_TRUE(seen.insert(counters.link_index).second) << "link " << counters.link_index << " is there twice";
    EXPECT_EQ(counters.handle, handle(1));
    EXPECT_EQ(counters.parent, kRoot);
    const bool busy = counters.link_index == kIndex;
    EXPECT_EQ(counters.packets, busy ? 2u : 0u) << "link " << counters.link_index;
    EXPECT_EQ(counters.qlen, busy ? 4u : 0u) << "link " << counters.link_index;
    EXPECT_EQ(counters.drops, busy ? 14u : 0u) << "link " << counters.link_index;
  }
  EXPECT_EQ(seen.size(), kLinks + 1u);
}

TEST_F(Pair, QdiscsChangeInPlaceAndGo) {
  const QdiscPlace place{.link_index = kIndex};
  left.socket->execute(add_qdisc(place, Tbf{{8000}, {2100}, 4200}, "left"));
  EXPECT_THROW(left.socket->execute(add_qdisc(place, Tbf{{8000}, {2100}, 4200}, "left")), SystemError);
  const test::Udp from = left.udp(kLeft);
  const test::Udp to = right.udp(kRight);
  for (int i = 0; i < 5; ++i) from.send(kRight, 1000);
  EXPECT_EQ(left.root_qdisc(kIndex).qlen, 3u);
  left.socket->execute(change_qdisc(place, Tbf{{100'000'000}, {16384}, 4200}, "left"));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(to.receive(5s)) << "packet " << i << " was lost by the change";

  const std::vector<Qdisc> qdiscs = list_qdiscs(*left.socket, kIndex);
  ASSERT_EQ(qdiscs.size(), 1u);
  const auto& tbf = std::get<Tbf>(qdiscs[0].settings.value());
  EXPECT_EQ(tbf.rate, (BitsPerSecond{100'000'000}));
  EXPECT_EQ(tbf.limit, 4200u);
  EXPECT_NEAR(static_cast<double>(tbf.burst.value), 16384, 2);

  left.socket->execute(delete_qdisc(place, "left"));
  EXPECT_FALSE(left.counters->qdisc(kIndex, handle(1)));
  EXPECT_FALSE(left.counters->link(kIndex + 1));
  EXPECT_EQ(list_qdiscs(*left.socket, kIndex)[0].kind, "noqueue");
}

TEST_F(Pair, RatesBeyond32BitsReachTheKernel) {
  left.socket->execute(add_qdisc({.link_index = kIndex}, Tbf{{40'000'000'000}, {1 << 20}, 1 << 22}, "left"));
  const Qdisc qdisc = list_qdiscs(*left.socket, kIndex)[0];
  EXPECT_EQ(std::get<Tbf>(qdisc.settings.value()).rate, (BitsPerSecond{40'000'000'000}));
}

TEST_F(Pair, NetemDelaysAndReadsBack) {
  const Netem asked{.limit = 777,
                    .delay = 20ms + 123ns,
                    .jitter = 1us,
                    .loss = {0.25},
                    .rate = BitsPerSecond{50'000'000},
                    .seed = 42};
  try {
    left.socket->execute(add_qdisc({.link_index = kIndex}, asked, "left"));
  } catch (const SystemError& error) {
    ASSERT_EQ(error.error_number(), ENOENT);
    EXPECT_EQ(error.hint(), "the kernel says: Specified qdisc kind is unknown");
    GTEST_SKIP() << "SKIPPED: this kernel has no sch_netem";
  }
  const auto got = std::get<Netem>(list_qdiscs(*left.socket, kIndex)[0].settings.value());
  EXPECT_EQ(got.limit, asked.limit);
  EXPECT_EQ(got.delay, asked.delay);
  EXPECT_EQ(got.jitter, asked.jitter);
  EXPECT_EQ(got.rate, asked.rate);
  EXPECT_NEAR(got.loss.value, asked.loss.value, 1e-9);

  left.socket->execute(change_qdisc({.link_index = kIndex}, Netem{.delay = 20ms}, "left"));
  const test::Udp from = left.udp(kLeft);
  const test::Udp to = right.udp(kRight);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(from.send(kRight, 100));
  const auto received = to.receive(5s);
  ASSERT_TRUE(received);
  EXPECT_GE(received->at - start, 20ms);
}

TEST(Errors, QuoteTheKernel) {
  Node node;
  try {
    // A bridge port of a link that is no bridge.
    node.socket->execute(add_veth({.name = "a", .master = 1}, {.name = "b"}, "the pair"));
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_EQ(error.where(), "the pair");
    EXPECT_EQ(error.error_number(), EOPNOTSUPP);
    EXPECT_TRUE(error.hint().empty() || error.hint().starts_with("the kernel says: ")) << error.line();
  }
  try {
    node.socket->execute(add_route({.destination = {ip(10, 9, 0, 0), 16}, .gateway = ip(10, 8, 0, 1)}, "node"));
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_EQ(error.line(),
              "node: add route 10.9.0.0/16: Network is unreachable (the kernel says: Nexthop has invalid gateway)");
  }
}

TEST(Belongings, AreALinksAgainAfterAMove) {
  Node home;
  Node away;
  home.socket->execute(add_veth({.name = "a", .index = kIndex, .up = true}, {.name = "b", .index = kIndex + 1}));
  home.socket->execute(set_up("b"));
  home.socket->execute(add_address(kIndex, {kLeft, 24}, "a"));
  home.socket->execute(add_route({{ip(192, 0, 2, 0), 24}, 0, kIndex}, "a"));
  home.socket->execute(add_route({{ip(172, 16, 0, 0), 24}, ip(192, 0, 2, 1), kIndex}, "a, over the other"));
  EXPECT_FALSE(belongings_of(*home.socket, kIndex).has_default_route);
  home.socket->execute(add_route({{0, 0}, kRight, 0}, "a"));
  const Belongings kept = belongings_of(*home.socket, kIndex);
  EXPECT_TRUE(kept.has_default_route);
  EXPECT_FALSE(belongings_of(*home.socket, kIndex + 1).has_default_route);

  home.socket->execute(
      change_link(kIndex, {.move_to_netns_fd = away.network.fd(), .name = "moved", .new_index = 77}, "a"));
  EXPECT_TRUE(list_addresses(*home.socket).empty() ||
              list_addresses(*home.socket)[0].prefix.address == ip(127, 0, 0, 1));
  EXPECT_EQ(get_link(*away.socket, "moved").index, 77);
  away.socket->execute(
      change_link(77, {.move_to_netns_fd = home.network.fd(), .name = "a", .new_index = kIndex + 9}, "moved"));
  give_addresses(*home.socket, kept, kIndex + 9, "a");
  home.socket->execute(set_up("a"));
  give_routes(*home.socket, kept, kIndex + 9, "a");
  give_addresses(*home.socket, kept, kIndex + 9, "a");  // once more is nothing
  give_routes(*home.socket, kept, kIndex + 9, "a");
  EXPECT_EQ(belongings_of(*home.socket, kIndex + 9).addresses.size(), 1u);
  std::set<Ipv4Prefix> destinations;
  for (const Route& route : list_routes(*home.socket)) destinations.insert(route.destination);
  EXPECT_EQ(destinations,
            (std::set<Ipv4Prefix>{{0, 0}, {ip(10, 0, 0, 0), 24}, {ip(172, 16, 0, 0), 24}, {ip(192, 0, 2, 0), 24}}));
}

TEST(Links, SayWhatLeavesTheirNamespaceNever) {
  Node node;
  node.socket->execute(add_veth({.name = "a"}, {.name = "b"}));
  node.socket->execute(add_bridge({.name = "bridge"}));
  if (!get_link(*node.socket, "lo").immovable) GTEST_SKIP() << "SKIPPED: this kernel does not say so (before 6.15)";
  EXPECT_TRUE(get_link(*node.socket, "bridge").immovable);
  EXPECT_FALSE(get_link(*node.socket, "a").immovable);
}

TEST(Errors, NameTheOneOfABatch) {
  Node node;
  Batch batch;
  for (const char* name : {"a", "b", "c", "b", "d"}) {
    batch.push_back(add_veth({.name = name}, {.name = std::string(name) + "-peer"}, std::string("pair ") + name));
  }
  try {
    node.socket->execute(batch);
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_EQ(error.line().substr(0, 36), "pair b: create veth pair: File exist");
  }
  // The socket has read all of the kernel's answers and goes on.
  EXPECT_NO_THROW(node.socket->execute(delete_link("a")));
}

TEST(Dump, OfManyLinksIsWhole) {
  Node node;
  constexpr int kPairs = 300;
  Batch batch;
  for (int i = 0; i < kPairs; ++i) {
    batch.push_back(add_veth({.name = "a" + std::to_string(i)}, {.name = "b" + std::to_string(i)}));
  }
  node.socket->execute(batch);
  EXPECT_EQ(list_links(*node.socket).size(), 2 * kPairs + 1u);
  EXPECT_EQ(node.counters->links().size(), 2 * kPairs + 1u);
}

}  // namespace
}  // namespace geomx::netlink
