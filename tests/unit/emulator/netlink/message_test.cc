#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cstring>
#include <map>
#include <string>

#include "emulator/base/error.h"
#include "emulator/netlink/address.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/qdisc.h"
#include "emulator/netlink/route.h"

// What our requests look like on the wire, read by a parser that shares nothing with the code that built them.
namespace geomx::netlink {
namespace {

using namespace std::chrono_literals;
using View = std::span<const std::byte>;

template <typename T>
T as(View bytes) {
  T value{};
  EXPECT_GE(bytes.size(), sizeof(T));
  std::memcpy(&value, bytes.data(), std::min(sizeof(T), bytes.size()));
  return value;
}

std::string text(View bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}

std::map<int, View> attributes(View bytes) {
  std::map<int, View> result;
  while (bytes.size() >= sizeof(nlattr)) {
    const auto header = as<nlattr>(bytes);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > bytes.size()) {
      ADD_FAILURE() << "attribute of length " << header.nla_len << " in " << bytes.size();
      break;
    }
    EXPECT_TRUE(result.emplace(header.nla_type & NLA_TYPE_MASK, bytes.subspan(4, header.nla_len - 4U)).second);
    bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
  return result;
}

template <typename Header>
std::map<int, View> attributes_of(const Message& message) {
  return attributes(message.bytes().subspan(NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(Header))));
}

TEST(Message, VethPairInOne) {
  const Message message = add_veth(
      {.name = "eth0", .netns_fd = 7, .index = 3, .mac = parse_mac("02:00:0a:00:00:01"), .up = true, .master = 9},
      {.name = "p1", .netns_fd = 8, .mtu = 9000, .gso_max_size = 3000, .txqueuelen = 5});
  EXPECT_EQ(as<nlmsghdr>(message.bytes()).nlmsg_type, RTM_NEWLINK);
  EXPECT_EQ(as<nlmsghdr>(message.bytes()).nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL), NLM_F_CREATE | NLM_F_EXCL);
  EXPECT_EQ(message.object(), "eth0--p1");
  const auto link = as<ifinfomsg>(message.bytes().subspan(NLMSG_HDRLEN));
  EXPECT_EQ(link.ifi_index, 3);
  EXPECT_EQ(link.ifi_flags, static_cast<unsigned>(IFF_UP));
  auto top = attributes_of<ifinfomsg>(message);
  EXPECT_EQ(text(top.at(IFLA_IFNAME)), "eth0");
  EXPECT_EQ(as<int>(top.at(IFLA_NET_NS_FD)), 7);
  EXPECT_EQ(as<int>(top.at(IFLA_MASTER)), 9);
  EXPECT_EQ(as<Mac>(top.at(IFLA_ADDRESS)), (Mac{2, 0, 10, 0, 0, 1}));
  EXPECT_FALSE(top.contains(IFLA_GSO_MAX_SIZE));
  auto info = attributes(top.at(IFLA_LINKINFO));
  EXPECT_EQ(text(info.at(IFLA_INFO_KIND)), "veth");
  const View peer = attributes(info.at(IFLA_INFO_DATA)).at(VETH_INFO_PEER);
  EXPECT_EQ(as<ifinfomsg>(peer).ifi_flags, 0u);
  auto peer_attributes = attributes(peer.subspan(sizeof(ifinfomsg)));
  EXPECT_EQ(text(peer_attributes.at(IFLA_IFNAME)), "p1");
  EXPECT_EQ(as<int>(peer_attributes.at(IFLA_NET_NS_FD)), 8);
  EXPECT_EQ(as<int>(peer_attributes.at(IFLA_MTU)), 9000);
  EXPECT_EQ(as<unsigned>(peer_attributes.at(IFLA_GSO_MAX_SIZE)), 3000u);
  EXPECT_EQ(as<unsigned>(peer_attributes.at(IFLA_TXQLEN)), 5u);
  EXPECT_FALSE(peer_attributes.contains(IFLA_ADDRESS));
}

TEST(Message, NetemLosesNoPrecision) {
  const Netem asked{.limit = 1234,
                    .delay = 300s + 1ns,  // more than the ticks of the old attribute can say
                    .jitter = 1ns,
                    .loss = {0.5},
                    .rate = BitsPerSecond{80'000'000'000},
                    .seed = 0x123456789ABCDEF0};
  const Message message = add_qdisc({.link_index = 4, .parent = handle(1, 1), .handle = handle(2)}, asked, "a:eth0");
  const auto place = as<tcmsg>(message.bytes().subspan(NLMSG_HDRLEN));
  EXPECT_EQ(place.tcm_ifindex, 4);
  EXPECT_EQ(place.tcm_parent, 0x00010001u);
  EXPECT_EQ(place.tcm_handle, 0x00020000u);
  auto top = attributes_of<tcmsg>(message);
  EXPECT_EQ(text(top.at(TCA_KIND)), "netem");
  const auto fixed = as<tc_netem_qopt>(top.at(TCA_OPTIONS));
  EXPECT_EQ(fixed.latency, 0xFFFFFFFFu);
  EXPECT_EQ(fixed.limit, 1234u);
  EXPECT_NEAR(fixed.loss, 0x7FFFFFFF, 1);
  auto options = attributes(top.at(TCA_OPTIONS).subspan(sizeof(tc_netem_qopt)));
  EXPECT_EQ(as<std::int64_t>(options.at(TCA_NETEM_LATENCY64)), 300'000'000'001);
  EXPECT_EQ(as<std::int64_t>(options.at(TCA_NETEM_JITTER64)), 1);
  EXPECT_EQ(as<tc_netem_rate>(options.at(TCA_NETEM_RATE)).rate, 0xFFFFFFFFu);
  EXPECT_EQ(as<std::uint64_t>(options.at(TCA_NETEM_RATE64)), 10'000'000'000u);
  EXPECT_EQ(as<std::uint64_t>(options.at(14)), 0x123456789ABCDEF0u);  // TCA_NETEM_PRNG_SEED

  const Qdisc back = parse_qdisc(message.bytes());
  const auto& netem = std::get<Netem>(back.settings.value());
  EXPECT_EQ(netem.delay, asked.delay);
  EXPECT_EQ(netem.jitter, asked.jitter);
  EXPECT_EQ(netem.rate, asked.rate);
  EXPECT_EQ(netem.seed, asked.seed);
  EXPECT_EQ(netem.limit, asked.limit);
  EXPECT_NEAR(netem.loss.value, 0.5, 1e-9);
}

TEST(Message, NetemSaysAllThatChanceDoes) {
  Netem asked{.delay = 20ms, .jitter = 2ms};
  asked.distribution = std::vector<std::int16_t>(2048, 1);
  asked.distribution.back() = -8192;
  asked.bursts = Netem::Bursts{{0.01}, {0.25}, {0.001}, {0.9}};
  asked.duplicate = {0.02};
  asked.reorder = {0.03};
  asked.corrupt = {0.04};
  const Message message = add_qdisc({.link_index = 4}, asked, "a:eth0");
  const auto fixed = as<tc_netem_qopt>(attributes_of<tcmsg>(message).at(TCA_OPTIONS));
  EXPECT_EQ(fixed.gap, 1u);
  auto options = attributes(attributes_of<tcmsg>(message).at(TCA_OPTIONS).subspan(sizeof(tc_netem_qopt)));
  const View table = options.at(TCA_NETEM_DELAY_DIST);
  ASSERT_EQ(table.size(), 4096u);
  EXPECT_EQ(as<std::int16_t>(table.subspan(4094)), -8192);
  auto models = attributes(options.at(TCA_NETEM_LOSS));
  const auto model = as<tc_netem_gemodel>(models.at(NETEM_LOSS_GE));
  EXPECT_NEAR(model.h / 4294967295.0, 0.1, 1e-9) << "the kernel wants the share that survives while bad";

  const auto back = std::get<Netem>(parse_qdisc(message.bytes()).settings.value());
  EXPECT_NEAR(back.bursts->p.value, 0.01, 1e-9);
  EXPECT_NEAR(back.bursts->r.value, 0.25, 1e-9);
  EXPECT_NEAR(back.bursts->loss_good.value, 0.001, 1e-9);
  EXPECT_NEAR(back.bursts->loss_bad.value, 0.9, 1e-9);
  EXPECT_NEAR(back.duplicate.value, 0.02, 1e-9);
  EXPECT_NEAR(back.reorder.value, 0.03, 1e-9);
  EXPECT_NEAR(back.corrupt.value, 0.04, 1e-9);
}

TEST(Message, NetemWithoutRateSaysSo) {
  const Message message = change_qdisc({.link_index = 4}, Netem{.delay = 1ms}, "a:eth0");
  EXPECT_EQ(as<nlmsghdr>(message.bytes()).nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL | NLM_F_REPLACE), 0);
  auto options = attributes(attributes_of<tcmsg>(message).at(TCA_OPTIONS).subspan(sizeof(tc_netem_qopt)));
  EXPECT_EQ(as<tc_netem_rate>(options.at(TCA_NETEM_RATE)).rate, 0u);
  EXPECT_FALSE(options.contains(14));
  EXPECT_EQ(std::get<Netem>(parse_qdisc(message.bytes()).settings.value()), (Netem{.delay = 1ms}));
}

TEST(Message, TbfCountsBytes) {
  const Tbf asked{{100'000'000}, {16384}, 250'000};
  const Message message = add_qdisc({.link_index = 4}, asked, "a:eth0");
  auto options = attributes(attributes_of<tcmsg>(message).at(TCA_OPTIONS));
  const auto parameters = as<tc_tbf_qopt>(options.at(TCA_TBF_PARMS));
  EXPECT_EQ(parameters.rate.rate, 12'500'000u);
  EXPECT_EQ(parameters.rate.linklayer, TC_LINKLAYER_ETHERNET);
  EXPECT_EQ(parameters.limit, 250'000u);
  EXPECT_EQ(parameters.buffer, 20480u);  // 16384 bytes at 12.5 MB/s are 1.31 ms, in ticks of 64 ns
  EXPECT_EQ(as<unsigned>(options.at(TCA_TBF_BURST)), 16384u);
  EXPECT_FALSE(options.contains(TCA_TBF_RATE64));
  EXPECT_EQ(std::get<Tbf>(parse_qdisc(message.bytes()).settings.value()), asked);
}

TEST(Message, TbfBeyond32Bits) {
  const Tbf asked{{40'000'000'000}, {1 << 20}, 1 << 22};
  const Message message = add_qdisc({.link_index = 4}, asked, "a:eth0");
  auto options = attributes(attributes_of<tcmsg>(message).at(TCA_OPTIONS));
  EXPECT_EQ(as<std::uint64_t>(options.at(TCA_TBF_RATE64)), 5'000'000'000u);
  EXPECT_EQ(std::get<Tbf>(parse_qdisc(message.bytes()).settings.value()), asked);
}

TEST(Message, RouteAndAddressAndNeighbour) {
  const Message route = add_route({.destination = {0x0A010000, 16}, .gateway = 0x0A000001, .link_index = 4}, "h1");
  const auto header = as<rtmsg>(route.bytes().subspan(NLMSG_HDRLEN));
  EXPECT_EQ(header.rtm_dst_len, 16);
  EXPECT_EQ(header.rtm_table, RT_TABLE_MAIN);
  auto of_route = attributes_of<rtmsg>(route);
  EXPECT_EQ(as<std::uint32_t>(of_route.at(RTA_DST)), 0x0000010Au);  // 10.1.0.0 as it lies in memory
  EXPECT_EQ(as<std::uint32_t>(of_route.at(RTA_GATEWAY)), 0x0100000Au);
  EXPECT_EQ(route.attempt(), "add route 10.1.0.0/16");

  const Message address = add_address(4, {0x0A000002, 24}, "h1:eth0");
  EXPECT_EQ(as<ifaddrmsg>(address.bytes().subspan(NLMSG_HDRLEN)).ifa_prefixlen, 24);
  EXPECT_EQ(as<std::uint32_t>(attributes_of<ifaddrmsg>(address).at(IFA_LOCAL)), 0x0200000Au);

  const Message neighbour = add_neighbour({4, 0x0A000003, {2, 0, 10, 0, 0, 3}}, "h1:eth0");
  EXPECT_EQ(as<ndmsg>(neighbour.bytes().subspan(NLMSG_HDRLEN)).ndm_state, NUD_PERMANENT);
  EXPECT_EQ(as<Mac>(attributes_of<ndmsg>(neighbour).at(NDA_LLADDR)), (Mac{2, 0, 10, 0, 0, 3}));
}

TEST(Message, RefusesWhatDoesNotFit) {
  Message message(RTM_NEWLINK, 0, "try", "thing");
  const std::string big(Message::kCapacity, 'x');
  EXPECT_THROW(message.put_string(IFLA_IFNAME, big), SystemError);
}

TEST(Mac, ReadsAndWrites) {
  EXPECT_EQ(to_string(parse_mac("02:00:0a:FF:00:01")), "02:00:0a:ff:00:01");
  for (const char* bad : {"", "02:00:0a:ff:00", "02:00:0a:ff:00:0g", "02-00-0a-ff-00-01", "02:00:0a:ff:00:011"}) {
    EXPECT_THROW(parse_mac(bad), InputError) << bad;
  }
}

}  // namespace
}  // namespace geomx::netlink
