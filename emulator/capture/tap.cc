#include "emulator/capture/tap.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "emulator/base/error.h"
#include "emulator/capture/pcap_file.h"

namespace geomx::capture {
namespace {

constexpr int kReceiveBuffer = 64 << 20;  // bytes; without root the kernel grants net.core.rmem_max of it

// In the socket's own namespace, whichever the caller is in. 0: there is none of that name.
int interface_index(int socket, const std::string& name) {
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return 0;
  std::memcpy(request.ifr_name, name.data(), name.size());
  return ::ioctl(socket, SIOCGIFINDEX, &request) < 0 ? 0 : request.ifr_ifindex;
}

std::optional<Nanoseconds> stamp_of(msghdr& header) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(control), sizeof time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  }
  return std::nullopt;
}

}  // namespace

Tap::Tap(FileDescriptor socket, const std::string& node, const std::string& interface,
         const std::optional<Filter>& filter)
    : socket_(std::move(socket)), node_(node), buffer_(kSnapLength) {
  const int fd = socket_.get();
  const int on = 1;
  check(::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on), "ask for timestamps", node_);
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    check(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer), "enlarge the buffer", node_);
  }
  if (filter) filter->attach(fd);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  if (!interface.empty()) {
    address.sll_ifindex = interface_index(fd, interface);
    if (address.sll_ifindex == 0) throw InputError(node_, "there is no interface \"" + interface + "\" in this node");
  }
  loopback_ = interface_index(fd, "lo");
  check(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind packet socket", node_);
}

std::optional<Frame> Tap::next() {
  for (;;) {
    iovec part{buffer_.data(), buffer_.size()};
    sockaddr_ll from{};
    alignas(cmsghdr) std::array<char, 256> control;
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0) {
      if (errno == EAGAIN) return std::nullopt;
      if (errno == EINTR || errno == ENETDOWN) continue;  // an interface that went down may come up again
      throw SystemError(node_, "receive", errno);
    }
    // A frame on the loopback would be there twice; a tunnel's have no Ethernet header.
    if (from.sll_ifindex == loopback_ && from.sll_pkttype == PACKET_OUTGOING) continue;
    if (from.sll_hatype != ARPHRD_ETHER && from.sll_hatype != ARPHRD_LOOPBACK) continue;
    const auto length = static_cast<std::size_t>(size);
    return Frame{stamp_of(header).value_or(Nanoseconds(0)),
                 std::string_view(buffer_.data(), std::min(length, buffer_.size())),
                 static_cast<std::uint32_t>(length)};
  }
}

std::uint64_t Tap::lost() {
  tpacket_stats statistics{};
  socklen_t size = sizeof statistics;
  check(::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &size), "read statistics", node_);
  lost_ += statistics.tp_drops;  // since they were last read
  return lost_;
}

}  // namespace geomx::capture
