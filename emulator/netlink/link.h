#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "emulator/netlink/message.h"
#include "emulator/netlink/socket.h"

// Interfaces: veth pairs, bridges, and changes to either. The functions that return a Message build a request; it takes
// effect in the namespace of the Socket that executes it.
//
// Switch IPv6 off in every namespace concerned before links are made there (sandbox::NetworkSettings does): duplicate
// address detection makes 1000 ports on one bridge cost 21 s instead of 0.6 s.
namespace geomx::netlink {

using Mac = std::array<std::uint8_t, 6>;
Mac parse_mac(std::string_view text);  // "02:00:0a:00:00:01"; throws InputError
std::string to_string(const Mac& mac);

// One end of a veth pair. All is set in the one message that creates the pair, with one exception: the kernel refuses
// to bring the second end up, or into a bridge, before the pair is joined.
struct VethEnd {
  std::string name{};        // at most 15 characters
  int netns_fd = -1;         // the namespace to be made in; -1: the socket's own
  int index = 0;             // the interface index it shall have there (EBUSY if taken); 0: the kernel's choice
  std::optional<Mac> mac{};  // none: random
  int mtu = 1500;
  bool up = false;                 // first end only; bring the second up with set_up(index) in its namespace
  int master = 0;                  // first end only: index, in that namespace, of the bridge it becomes a port of
  std::uint32_t gso_max_size = 0;  // largest super-frame in bytes, IPv4 included; 0: the kernel's 64 KiB
  std::uint32_t gso_max_segs = 0;  // and in wire packets; 1 switches super-frames off; 0: the kernel's 65535
  int txqueuelen = -1;             // packets; -1: the kernel's 1000
};

// `object` names the pair in errors; empty: "FIRST--SECOND". Throws InputError for a wish that the
// kernel does not grant to a second end.
Message add_veth(const VethEnd& first, const VethEnd& second, std::string object = {});

struct Bridge {
  std::string name{};
  int netns_fd = -1;
  int index = 0;
  std::optional<Mac> mac{};
  int mtu = 1500;
  bool up = true;
  bool netfilter = false;  // the kernel's rules for IPv4 see what crosses it
};
// No spanning tree, no forwarding delay, no multicast snooping. A bridge has at most 1023 ports.
Message add_bridge(const Bridge& bridge);

// What to change about an existing link; what is left out stays.
struct LinkChange {
  std::optional<bool> up{};
  std::optional<Mac> mac{};
  std::optional<int> mtu{};
  std::optional<int> master{};  // 0: take it out of its bridge
  std::optional<int> move_to_netns_fd{};
  std::optional<int> txqueuelen{};
  std::optional<std::uint32_t> gso_max_size{};
  std::optional<std::uint32_t> gso_max_segs{};
  std::optional<std::string> name{};  // of a link that is found by its index, and is down
  std::optional<int> new_index{};     // with a move: the index it shall have there (EBUSY if taken)
  // The largest super-frame of IPv4 alone, which may exceed 64 KiB; kernels before 6.3 ignore it.
  std::optional<std::uint32_t> gso_ipv4_max_size{};
  std::optional<bool> learning{};  // as a port of a bridge: from whom frames come; it must be one already
  std::optional<bool> debug{};     // a flag that veths make no use of; but any such change has routes looked up anew
  std::optional<bool> dormant{};   // whoever looks finds the link not running, though it is up and carries packets
};
Message change_link(const std::string& name, const LinkChange& change);
Message change_link(int index, const LinkChange& change, std::string object);
inline Message set_up(int index, std::string object) {
  return change_link(index, {.up = true}, std::move(object));
}
inline Message set_up(const std::string& name) {
  return change_link(name, {.up = true});
}
inline Message set_down(const std::string& name) {
  return change_link(name, {.up = false});
}
// Deleting one end of a veth pair deletes both.
Message delete_link(const std::string& name);

struct Link {
  int index = 0;
  std::string name{};
  std::string kind{};    // "veth", "bridge"; empty for loopback
  bool up = false;       // administratively
  bool running = false;  // up at both ends, and the kernel has acted on that: packets flow
  bool settled = false;  // no carrier change is waiting for the kernel to act on it
  int mtu = 0;
  int master = 0;
  bool forwarding = false;  // as a port of its bridge
  int peer_index = 0;       // a veth's other end, in that end's namespace; 0 otherwise
  int lower_index = 0;      // what a VLAN, macvlan, ... of this namespace lies on; 0: nothing of this namespace
  bool loopback = false;
  bool carrier = false;    // something is at the other end of its cable
  bool immovable = false;  // it cannot leave its namespace, as far as the kernel says so (since 6.15)
  Mac mac{};
  int txqueuelen = 0;
  std::uint32_t gso_max_size = 0;
  std::uint32_t gso_max_segs = 0;
};
std::vector<Link> list_links(Socket& socket);
Link get_link(Socket& socket, const std::string& name);  // SystemError ENODEV where there is none

// Returns when the carrier changes of the namespace's links have taken effect. When a veth's other end comes up, the
// kernel may let up to a second pass before packets flow, and drops those sent meanwhile. To be called in every
// namespace, those with bridges included, once both ends of its links are up. Kernels since 6.9 do it on request, for
// older ones this waits. Throws SystemError naming the link (ETIMEDOUT after 10 s).
void settle_links(Socket& socket);

}  // namespace geomx::netlink
