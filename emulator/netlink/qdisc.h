#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "emulator/base/units.h"
#include "emulator/netlink/message.h"
#include "emulator/netlink/socket.h"

// Queueing disciplines: what the kernel does to the packets that leave an interface.
namespace geomx::netlink {

// "MAJOR:MINOR" as tc writes it, packed as the kernel does.
constexpr std::uint32_t handle(std::uint16_t major, std::uint16_t minor = 0) {
  return (static_cast<std::uint32_t>(major) << 16) | minor;
}
inline constexpr std::uint32_t kRoot = 0xFFFFFFFF;

// Where a qdisc sits: at the root of an interface, or in a class of another qdisc. tbf and netem each have one class,
// MAJOR:1, so netem below tbf is {link, handle(1, 1), handle(2)} below {link, kRoot, handle(1)}.
struct QdiscPlace {
  int link_index = 0;
  std::uint32_t parent = kRoot;
  std::uint32_t handle = netlink::handle(1);
};

// Token bucket filter: a rate with a byte-bounded queue. It counts Ethernet frames without their checksum, and a GSO
// super-frame as the frames it stands for; a frame longer than `burst` is segmented first.
struct Tbf {
  BitsPerSecond rate{};     // rounded down to whole bytes per second
  Bytes burst{};            // credit of an idle link; at least one frame, and rate/HZ for the rate to be reached
  std::uint32_t limit = 0;  // bytes that may wait
  bool operator==(const Tbf&) const = default;
};

// Delay, jitter, loss and rate. Packets in flight count towards `limit`, so it needs room for the rate times the delay
// too. Needs sch_netem in the kernel: a kernel without says ENOENT.
struct Netem {
  std::uint32_t limit = 1000;  // packets, waiting and in flight
  Nanoseconds delay{0};
  Nanoseconds jitter{0};  // reorders unless a rate is set
  // Of the jitter, in units of 1/8192 of it at evenly spread quantiles; empty: uniform between -1 and +1. At most 16384
  // values. A change cannot take a table away again, and the kernel does not say which it has.
  std::vector<std::int16_t> distribution{};
  Probability loss{};  // resolution 2^-32, as of all that follow
  // Two states in place of a loss (Gilbert-Elliott): probabilities of good -> bad and back, and of loss in either.
  struct Bursts {
    Probability p{}, r{}, loss_good{}, loss_bad{};
    bool operator==(const Bursts&) const = default;
  };
  std::optional<Bursts> bursts{};
  Probability duplicate{};
  Probability reorder{};                // sent at once, ahead of those that are delayed
  Probability corrupt{};                // one bit somewhere in the frame
  std::optional<BitsPerSecond> rate{};  // rounded down to whole bytes per second
  std::optional<std::uint64_t> seed{};  // kernel 6.7 or newer; older ones refuse it or ignore it: see read-back
  bool operator==(const Netem&) const = default;
};

using QdiscKind = std::variant<Tbf, Netem>;

// `object` names the interface in errors. add: EEXIST where there is one already. change: new settings, the packets
// that wait stay; ENOENT where there is none.
Message add_qdisc(const QdiscPlace& place, const QdiscKind& kind, const std::string& object);
Message change_qdisc(const QdiscPlace& place, const QdiscKind& kind, const std::string& object);
Message delete_qdisc(const QdiscPlace& place, const std::string& object);  // with all below it

// What the kernel says it has. For other kinds than ours `settings` is empty. The kernel keeps a tbf's burst as a time
// in steps of 64 ns, so it reads back a little different.
struct Qdisc {
  QdiscPlace place;
  std::string kind{};  // "tbf", "netem", "noqueue", "pfifo_fast", ...
  std::optional<QdiscKind> settings{};
};
std::vector<Qdisc> list_qdiscs(Socket& socket, int link_index = 0);  // 0: of every interface

// Reads one RTM_NEWQDISC message (struct nlmsghdr first), whether the kernel's or ours.
Qdisc parse_qdisc(std::span<const std::byte> message);

}  // namespace geomx::netlink
