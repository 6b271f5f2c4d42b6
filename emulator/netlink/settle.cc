#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/netlink/link.h"

namespace geomx::netlink {

namespace {

std::vector<Link> unsettled_links(Socket& socket) {
  std::vector<Link> links = list_links(socket);
  std::erase_if(links, [](const Link& link) { return link.settled; });
  return links;
}

// Being asked for the link state by ethtool makes a kernel since 6.9 do its deferred work on that link. A netlink
// socket takes the request for its own namespace.
void ask_for_carrier(const Socket& socket, const Link& link) {
  ethtool_value state{};
  state.cmd = ETHTOOL_GLINK;
  ifreq request{};
  link.name.copy(request.ifr_name, sizeof(request.ifr_name) - 1);
  request.ifr_data = reinterpret_cast<char*>(&state);
  if (::ioctl(socket.fd(), SIOCETHTOOL, &request) < 0 && errno != ENODEV) {
    throw SystemError(link.name, "settle link", errno);
  }
}

// The socket hears of every change of the namespace's links while this lives.
class LinkEvents {
 public:
  explicit LinkEvents(const Socket& socket) : fd_(socket.fd()) {
    // Being told that something happened is enough, so missing some of it is no error.
    set(NETLINK_NO_ENOBUFS, 1);
    set(NETLINK_ADD_MEMBERSHIP, RTNLGRP_LINK);
  }
  LinkEvents(const LinkEvents&) = delete;
  LinkEvents& operator=(const LinkEvents&) = delete;
  ~LinkEvents() {
    const int group = RTNLGRP_LINK;
    const int off = 0;
    ::setsockopt(fd_, SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, &group, sizeof(group));
    drain();
    ::setsockopt(fd_, SOL_NETLINK, NETLINK_NO_ENOBUFS, &off, sizeof(off));
  }

  bool wait(std::chrono::milliseconds timeout) {
    pollfd readable{fd_, POLLIN, 0};
    const bool ready = ::poll(&readable, 1, static_cast<int>(timeout.count())) != 0;
    drain();
    return ready;
  }

 private:
  void set(int option, int value) const {
    check(::setsockopt(fd_, SOL_NETLINK, option, &value, sizeof(value)), "listen for link changes");
  }
  void drain() const {
    char ignored[256];
    while (::recv(fd_, ignored, sizeof(ignored), MSG_DONTWAIT | MSG_TRUNC) > 0) {
    }
  }
  int fd_;
};

}  // namespace

void settle_links(Socket& socket) {
  using Clock = std::chrono::steady_clock;
  const std::vector<Link> links = unsettled_links(socket);
  if (links.empty()) return;
  for (const Link& link : links) ask_for_carrier(socket, link);
  LinkEvents events(socket);
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  for (;;) {
    const std::vector<Link> left = unsettled_links(socket);
    if (left.empty()) return;
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (time.count() <= 0 || !events.wait(time)) throw SystemError(left[0].name, "settle link", ETIMEDOUT);
  }
}

}  // namespace geomx::netlink
