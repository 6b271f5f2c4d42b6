#include "emulator/shaper/packet_socket.h"

#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "emulator/base/error.h"

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
