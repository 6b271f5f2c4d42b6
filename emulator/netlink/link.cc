#include "emulator/netlink/link.h"

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "emulator/base/error.h"
#include "emulator/netlink/native.h"

namespace geomx::netlink {

namespace {

// Missing in older headers.
constexpr int kGsoIpv4MaxSize = 63;  // IFLA_GSO_IPV4_MAX_SIZE, Linux 6.3
constexpr int kNetnsImmutable = 67;  // IFLA_NETNS_IMMUTABLE

void put_mac(Message& message, const std::optional<Mac>& mac) {
  if (mac) message.put(IFLA_ADDRESS, mac->data(), mac->size());
}

ifinfomsg link_header(int index, bool up) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  header.ifi_flags = up ? IFF_UP : 0;
  header.ifi_change = up ? IFF_UP : 0;
  return header;
}

void put_veth_end(Message& message, const VethEnd& end) {
  const ifinfomsg header = link_header(end.index, end.up);
  message.put_header(&header, sizeof(header));
  message.put_string(IFLA_IFNAME, end.name);
  if (end.netns_fd >= 0) message.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(end.netns_fd));
  put_mac(message, end.mac);
  message.put_u32(IFLA_MTU, static_cast<std::uint32_t>(end.mtu));
  if (end.gso_max_size != 0) message.put_u32(IFLA_GSO_MAX_SIZE, end.gso_max_size);
  if (end.gso_max_segs != 0) message.put_u32(IFLA_GSO_MAX_SEGS, end.gso_max_segs);
  if (end.txqueuelen >= 0) message.put_u32(IFLA_TXQLEN, static_cast<std::uint32_t>(end.txqueuelen));
}

void put_veth_info(Message& message, const VethEnd& peer_end) {
  const Message::Nest info(message, IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, "veth");
  const Message::Nest data(message, IFLA_INFO_DATA);
  const Message::Nest peer(message, VETH_INFO_PEER);
  put_veth_end(message, peer_end);
}

void put_bridge_info(Message& message, const Bridge& bridge) {
  const Message::Nest info(message, IFLA_LINKINFO);
  message.put_string(IFLA_INFO_KIND, "bridge");
  const Message::Nest data(message, IFLA_INFO_DATA);
  message.put_u32(IFLA_BR_FORWARD_DELAY, 0);
  message.put_u32(IFLA_BR_STP_STATE, 0);
  message.put_u8(IFLA_BR_MCAST_SNOOPING, 0);
  if (bridge.netfilter) message.put_u8(IFLA_BR_NF_CALL_IPTABLES, 1);
}

void put_change(Message& message, const LinkChange& change) {
  put_mac(message, change.mac);
  if (change.mtu) message.put_u32(IFLA_MTU, static_cast<std::uint32_t>(*change.mtu));
  if (change.master) message.put_u32(IFLA_MASTER, static_cast<std::uint32_t>(*change.master));
  if (change.move_to_netns_fd) message.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(*change.move_to_netns_fd));
  if (change.txqueuelen) message.put_u32(IFLA_TXQLEN, static_cast<std::uint32_t>(*change.txqueuelen));
  if (change.gso_max_size) message.put_u32(IFLA_GSO_MAX_SIZE, *change.gso_max_size);
  if (change.gso_max_segs) message.put_u32(IFLA_GSO_MAX_SEGS, *change.gso_max_segs);
  if (change.name) message.put_string(IFLA_IFNAME, *change.name);
  if (change.new_index) message.put_u32(IFLA_NEW_IFINDEX, static_cast<std::uint32_t>(*change.new_index));
  if (change.gso_ipv4_max_size) message.put_u32(kGsoIpv4MaxSize, *change.gso_ipv4_max_size);
  if (change.learning) {
    const Message::Nest info(message, IFLA_LINKINFO);
    message.put_string(IFLA_INFO_SLAVE_KIND, "bridge");
    const Message::Nest data(message, IFLA_INFO_SLAVE_DATA);
    message.put_u8(IFLA_BRPORT_LEARNING, *change.learning ? 1 : 0);
  }
  if (change.dormant) {
    message.put_u8(IFLA_LINKMODE, *change.dormant ? IF_LINK_MODE_DORMANT : IF_LINK_MODE_DEFAULT);
    message.put_u8(IFLA_OPERSTATE, *change.dormant ? IF_OPER_DORMANT : IF_OPER_UP);
  }
}

Message begin_change(int index, const LinkChange& change, std::string object) {
  Message message(RTM_NEWLINK, 0, "change link", std::move(object));
  ifinfomsg header = link_header(index, change.up.value_or(false));
  if (change.up) header.ifi_change = IFF_UP;
  if (change.debug) {
    header.ifi_change |= IFF_DEBUG;
    if (*change.debug) header.ifi_flags |= IFF_DEBUG;
  }
  message.put_header(&header, sizeof(header));
  return message;
}

const nlattr* find_nested(const nlattr* nest, int type) {
  return nla_find(static_cast<const nlattr*>(nla_data(nest)), nla_len(nest), type);
}

Link parse_link(std::span<const std::byte> bytes) {
  auto* message = native_header(bytes);
  nlattr* attributes[IFLA_MAX + 1];
  if (nlmsg_parse(message, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) < 0) {
    throw SystemError({}, "read the kernel's list of links", EBADMSG);
  }
  const auto* header = static_cast<ifinfomsg*>(nlmsg_data(message));
  const auto number = [&](int attribute) { return attributes[attribute] ? nla_get_u32(attributes[attribute]) : 0U; };
  Link link;
  link.index = header->ifi_index;
  link.up = (header->ifi_flags & IFF_UP) != 0;
  link.mtu = static_cast<int>(number(IFLA_MTU));
  link.master = static_cast<int>(number(IFLA_MASTER));
  link.txqueuelen = static_cast<int>(number(IFLA_TXQLEN));
  link.gso_max_size = number(IFLA_GSO_MAX_SIZE);
  link.gso_max_segs = number(IFLA_GSO_MAX_SEGS);
  if (attributes[IFLA_IFNAME] != nullptr) link.name = nla_get_string(attributes[IFLA_IFNAME]);
  if (const nlattr* mac = attributes[IFLA_ADDRESS]; mac != nullptr && nla_len(mac) == 6) {
    std::memcpy(link.mac.data(), nla_data(mac), link.mac.size());
  }
  if (attributes[IFLA_LINKINFO] != nullptr) {
    if (const nlattr* kind = find_nested(attributes[IFLA_LINKINFO], IFLA_INFO_KIND)) link.kind = nla_get_string(kind);
    const nlattr* port = find_nested(attributes[IFLA_LINKINFO], IFLA_INFO_SLAVE_DATA);
    const nlattr* state = port != nullptr ? find_nested(port, IFLA_BRPORT_STATE) : nullptr;
    link.forwarding = state != nullptr && nla_get_u8(state) == BR_STATE_FORWARDING;
  }
  // The carrier bit changes at once; the operational state follows when the kernel has acted. Loopback has none.
  int state = IF_OPER_UNKNOWN;
  if (attributes[IFLA_OPERSTATE] != nullptr) state = nla_get_u8(attributes[IFLA_OPERSTATE]);
  const bool carrier = (header->ifi_flags & IFF_LOWER_UP) != 0;
  link.carrier = carrier;
  link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
  if (const nlattr* immovable = nlmsg_find_attr(message, sizeof(ifinfomsg), kNetnsImmutable)) {
    link.immovable = nla_get_u8(immovable) != 0;
  }
  link.running = link.up && (state == IF_OPER_UP || (link.kind.empty() && state == IF_OPER_UNKNOWN));
  link.settled = link.kind.empty() || !link.up || state == IF_OPER_DORMANT ||
                 (state != IF_OPER_UNKNOWN && carrier == (state == IF_OPER_UP));
  if (link.kind == "veth") {
    link.peer_index = static_cast<int>(number(IFLA_LINK));
  } else if (attributes[IFLA_LINK_NETNSID] == nullptr) {
    link.lower_index = static_cast<int>(number(IFLA_LINK));
  }
  return link;
}

Message ask_links() {
  Message request(RTM_GETLINK, 0, "list links", {});
  const ifinfomsg header = link_header(0, false);
  request.put_header(&header, sizeof(header));
  return request;
}

}  // namespace

Mac parse_mac(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  Mac mac{};
  bool good = text.size() == 17;
  for (std::size_t i = 0; good && i < mac.size(); ++i) {
    const int high = digit(text[3 * i]);
    const int low = digit(text[3 * i + 1]);
    good = high >= 0 && low >= 0 && (i == 5 || text[3 * i + 2] == ':');
    mac[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (!good) throw InputError({}, "\"" + std::string(text) + "\" is no MAC address", "write it as 02:00:0a:00:00:01");
  return mac;
}

std::string to_string(const Mac& mac) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : mac) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Message add_veth(const VethEnd& first, const VethEnd& second, std::string object) {
  if (object.empty()) object = first.name + "--" + second.name;
  if (second.up || second.master != 0) {
    throw InputError(object, "the second end of a veth pair can be neither up nor a bridge port from the start",
                     "use set_up and change_link in its namespace");
  }
  if (second.index != 0 && first.index == 0) {
    throw InputError(object, "the second end of a veth pair can only be given an index if the first is given one");
  }
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "create veth pair", std::move(object));
  put_veth_end(message, first);
  if (first.master != 0) message.put_u32(IFLA_MASTER, static_cast<std::uint32_t>(first.master));
  put_veth_info(message, second);
  return message;
}

Message add_bridge(const Bridge& bridge) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "create bridge", bridge.name);
  const ifinfomsg header = link_header(bridge.index, bridge.up);
  message.put_header(&header, sizeof(header));
  message.put_string(IFLA_IFNAME, bridge.name);
  if (bridge.netns_fd >= 0) message.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(bridge.netns_fd));
  put_mac(message, bridge.mac);
  message.put_u32(IFLA_MTU, static_cast<std::uint32_t>(bridge.mtu));
  put_bridge_info(message, bridge);
  return message;
}

Message change_link(const std::string& name, const LinkChange& change) {
  Message message = begin_change(0, change, name);
  message.put_string(IFLA_IFNAME, name);
  put_change(message, change);
  return message;
}

Message change_link(int index, const LinkChange& change, std::string object) {
  Message message = begin_change(index, change, std::move(object));
  put_change(message, change);
  return message;
}

Message delete_link(const std::string& name) {
  Message message(RTM_DELLINK, 0, "delete link", name);
  const ifinfomsg header = link_header(0, false);
  message.put_header(&header, sizeof(header));
  message.put_string(IFLA_IFNAME, name);
  return message;
}

std::vector<Link> list_links(Socket& socket) {
  std::vector<Link> links;
  socket.dump(
      ask_links(), [&](std::span<const std::byte> message) { links.push_back(parse_link(message)); },
      [&] { links.clear(); });
  return links;
}

Link get_link(Socket& socket, const std::string& name) {
  Message request(RTM_GETLINK, 0, "find link", name);
  const ifinfomsg header = link_header(0, false);
  request.put_header(&header, sizeof(header));
  request.put_string(IFLA_IFNAME, name);
  Link link;
  socket.query(request, [&](std::span<const std::byte> message) { link = parse_link(message); });
  return link;
}

}  // namespace geomx::netlink
