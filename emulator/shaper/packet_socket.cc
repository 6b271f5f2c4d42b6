#include "emulator/shaper/packet_socket.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>

#include "emulator/base/error.h"
#include "emulator/shaper/frame_bytes.h"

namespace geomx::shaper {
namespace {

// Missing in some C libraries' headers.
constexpr int kIgnoreOutgoing = 23;  // PACKET_IGNORE_OUTGOING, Linux 4.20

void set_packet_option(const FileDescriptor& fd, int option, int value, const char* attempt,
                       const std::string& interface) {
  check(::setsockopt(fd.get(), SOL_PACKET, option, &value, sizeof value), attempt, interface);
}

Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

}  // namespace

Nanoseconds monotonic_offset() {
  return read_clock(CLOCK_MONOTONIC) - read_clock(CLOCK_REALTIME);
}

bool is_ipv4(const Frame& frame) {
  const std::span<const std::byte> bytes = frame.bytes();
  return bytes.size() > sizeof(ethhdr) && load16(&bytes[offsetof(ethhdr, h_proto)]) == ETH_P_IP;
}

PacketSocket::PacketSocket(const std::string& interface) : interface_(interface) {
  // Protocol 0 sees nothing: no frame of another interface can slip in before bind().
  fd_.reset(check(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "open packet socket", interface));
  set_packet_option(fd_, PACKET_VNET_HDR, 1, "ask for super-frames (PACKET_VNET_HDR)", interface);
  set_packet_option(fd_, kIgnoreOutgoing, 1, "ignore our own frames (PACKET_IGNORE_OUTGOING)", interface);
  set_packet_option(fd_, PACKET_QDISC_BYPASS, 1, "bypass the qdisc (PACKET_QDISC_BYPASS)", interface);
  const int on = 1;
  check(::setsockopt(fd_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "ask for timestamps", interface);
  // So that a batch of super-frames fits; where it is not permitted, sending waits more often.
  const int size = 8 << 20;
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
    check(::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size), "enlarge send buffer", interface);
  }
}

void PacketSocket::start() const {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(::if_nametoindex(interface_.c_str()));
  if (address.sll_ifindex == 0) throw SystemError(interface_, "find interface", errno);
  check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind packet socket",
        interface_);
}

SendResult PacketSocket::send(std::span<const Frame>& frames) const {
  constexpr std::size_t kBatch = 64;
  std::array<mmsghdr, kBatch> messages;
  std::array<iovec, 2 * kBatch> parts;
  while (!frames.empty()) {
    const std::size_t count = std::min(frames.size(), kBatch);
    for (std::size_t i = 0; i < count; ++i) {
      const Frame& frame = frames[i];
      parts[2 * i] = {const_cast<VnetHeader*>(&frame.header()), sizeof(VnetHeader)};
      parts[2 * i + 1] = {const_cast<std::byte*>(frame.bytes().data()), frame.bytes().size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[2 * i];
      messages[i].msg_hdr.msg_iovlen = 2;
    }
    const int sent = ::sendmmsg(fd_.get(), messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? SendResult::later : SendResult::refused;
    }
    frames = frames.subspan(static_cast<std::size_t>(sent));
  }
  return SendResult::sent;
}

void PacketSocket::leave_ipv4(bool leave) const {
  if (!leave) {
    const int unused = 0;
    if (::setsockopt(fd_.get(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) != 0 && errno != ENOENT) {
      throw SystemError(interface_, "take IPv4 frames", errno);
    }
    return;
  }
  constexpr std::uint32_t kTagged = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT);
  constexpr std::uint32_t kEtherTypeOffset = 12;
  constexpr std::uint32_t kAll = 0xffffffff;
  std::array<sock_filter, 6> program{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, kTagged},
                                      {BPF_JMP | BPF_JEQ | BPF_K, 0, 2, 0},
                                      {BPF_LD | BPF_H | BPF_ABS, 0, 0, kEtherTypeOffset},
                                      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ETH_P_IP},
                                      {BPF_RET | BPF_K, 0, 0, kAll},
                                      {BPF_RET | BPF_K, 0, 0, 0}}};
  const sock_fprog filter{program.size(), program.data()};
  check(::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), "leave IPv4 frames to others",
        interface_);
}

bool PacketSocket::is_running() const {
  ifreq request{};
  interface_.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return ::ioctl(fd_.get(), SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

int PacketSocket::mtu() const {
  ifreq request{};
  interface_.copy(request.ifr_name, sizeof request.ifr_name - 1);
  return ::ioctl(fd_.get(), SIOCGIFMTU, &request) == 0 ? request.ifr_mtu : ETH_DATA_LEN;
}

bool PacketSocket::has_carrier() const {
  ethtool_value state{};
  state.cmd = ETHTOOL_GLINK;
  ifreq request{};
  interface_.copy(request.ifr_name, sizeof request.ifr_name - 1);
  request.ifr_data = reinterpret_cast<char*>(&state);
  return ::ioctl(fd_.get(), SIOCETHTOOL, &request) == 0 && state.data != 0;
}

std::uint64_t PacketSocket::take_drops() const {
  tpacket_stats statistics{};
  socklen_t size = sizeof statistics;
  check(::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size), "read drops", interface_);
  return statistics.tp_drops;
}

bool PacketSocket::force_receive_buffer(Bytes size) const {
  const int value = static_cast<int>(size.value / 2);  // the kernel doubles it
  return ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof value) == 0;
}

}  // namespace geomx::shaper
