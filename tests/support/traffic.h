#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "emulator/base/units.h"

// Traffic between two network namespaces, measured by the kernel's receive timestamps rather than by when a thread got
// to run; threads ask for a real-time priority, so that another process on the machine is not measured instead. Each
// call opens its sockets inside the namespaces, takes as long as it says, and leaves nothing behind.
namespace geomx::test {

inline constexpr std::uint64_t kUdpPayload = 1472;  // fills an IP packet of 1500 bytes
inline constexpr std::uint64_t kFullFrame = 1514;
inline constexpr std::uint64_t kTcpPayload = 1448;  // of a full frame, with timestamps
inline constexpr std::uint64_t kPingFrame = 98;

struct Datagram {
  std::uint32_t sequence = 0;
  Nanoseconds received{0};  // by the wall clock, as stamped when it came out of the link
  Nanoseconds sent{0};      // by the wall clock, before it was handed to the kernel
};

struct Blast {
  BitsPerSecond rate{};     // of Ethernet frames; 0: as fast as the sender can
  std::uint32_t count = 0;  // datagrams
  std::uint64_t payload = kUdpPayload;
  std::uint32_t together = 1;  // datagrams handed to the kernel as one super-frame (UDP_SEGMENT), at most 40
  std::uint32_t window = 0;    // not 0: sends no further than this beyond the last number that has arrived
  std::uint8_t ecn = 0;        // codepoint in the IP header: 1 or 2 to allow marks
};
// Sends numbered datagrams and returns those that arrived, in order of arrival. Ends when `quiet` has passed without
// one.
std::vector<Datagram> blast_udp(int from_netns, int to_netns, const std::string& to_address, const Blast& blast,
                                Nanoseconds quiet);

// Packets and datagrams that the receiving namespace has found to have a wrong checksum.
std::uint64_t checksum_errors(int netns);
// Packets that the namespace has received with the mark of congestion.
std::uint64_t congestion_marks(int netns);

// Payload bits per second: the median over all pairs of datagrams that are half of all apart. A moment in which the
// machine kept the link from running, and the datagrams that it then caught up with, are in few of the pairs.
double goodput(const std::vector<Datagram>& received, std::uint64_t payload = kUdpPayload);

// Datagrams of kUdpPayload at `rate` in full frames between each pair of namespaces, for so long, by one thread in
// turn; a socket takes them at the other end, and nobody reads it.
void trickle_udp(const std::vector<std::pair<int, int>>& netns_pairs, const std::string& to_address, BitsPerSecond rate,
                 Nanoseconds time);

struct TcpResult {
  double bits_per_second = 0;  // payload that arrived in the window, as the sender was told
  std::string congestion_control;
};
// One TCP flow for warm_up + window; what arrives during the window counts, in order or not.
TcpResult run_tcp(int from_netns, int to_netns, const std::string& to_address, Nanoseconds warm_up, Nanoseconds window,
                  const std::string& congestion_control = "bbr");

// Round-trip times of ICMP echoes of 56 bytes (98-byte frames), one after the other with `pause` between; lost ones are
// left out.
std::vector<Nanoseconds> ping(int from_netns, const std::string& to_address, int count, Nanoseconds pause);

}  // namespace geomx::test
