#include "tests/support/link_bed.h"

#include <utility>

#include "emulator/netlink/address.h"
#include "emulator/netlink/counters.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/neighbour.h"
#include "emulator/netlink/socket.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::test {
namespace {

constexpr netlink::Mac kMacA{2, 0, 10, 9, 0, 1};
constexpr netlink::Mac kMacB{2, 0, 10, 9, 0, 2};
constexpr std::uint32_t kA = 0x0a090001;
constexpr std::uint32_t kB = 0x0a090002;

const sandbox::NetworkSettings kNode{.congestion_control = "", .socket_buffer_max = Bytes{256 << 20}};

void address(int netns, std::uint32_t own, std::uint32_t other, const netlink::Mac& other_mac) {
  const sandbox::ScopedNetwork scope(netns);
  netlink::Socket socket;
  const netlink::Link link = netlink::get_link(socket, "eth0");
  socket.execute(netlink::set_up("eth0"));
  socket.execute(netlink::add_address(link.index, {own, 24}, "eth0"));
  socket.execute(netlink::add_neighbour({link.index, other, other_mac}, "eth0"));
}

}  // namespace

LinkBed::LinkBed(shaper::Kind kind, const shaper::Direction& forward, const shaper::Direction& backward,
                 std::shared_ptr<shaper::WireLoop> loop)
    : a_(sandbox::Namespace::create_network(kNode)),
      b_(sandbox::Namespace::create_network(kNode)),
      loop_(std::move(loop)) {
  if (kind == shaper::Kind::wire) {
    // The kernel removes a former bed's interfaces with its namespaces, in its own time: names are never used twice.
    static int beds = 0;
    const std::string number = std::to_string(++beds);
    wire_ends_ = {"wa" + number, "wb" + number};
    join_by_two_pairs();
    shaper_ = shaper::shape_by_wire(*loop_, {wire_ends_[0], a_.fd(), "eth0"}, {wire_ends_[1], b_.fd(), "eth0"}, forward,
                                    backward);
  } else {
    join_by_one_pair();
    if (kind == shaper::Kind::tc) {
      meter_ = std::make_unique<shaper::TcMeter>();
      shaper_ = shaper::shape_by_tc(*meter_, {a_.fd(), "eth0"}, {b_.fd(), "eth0"}, forward, backward);
    }
  }
  give_addresses();
}

std::array<shaper::TcReading, 2> LinkBed::readings() const {
  const auto read = [](int netns) {
    const sandbox::ScopedNetwork scope(netns);
    netlink::CounterReader reader;
    return shaper::TcReading(reader);
  };
  return {read(a()), read(b())};
}

void LinkBed::join_by_one_pair() {
  netlink::Socket socket;
  socket.execute(netlink::add_veth({.name = "eth0", .netns_fd = a_.fd(), .mac = kMacA},
                                   {.name = "eth0", .netns_fd = b_.fd(), .mac = kMacB}));
}

void LinkBed::join_by_two_pairs() {
  sandbox::try_write_sysctl("net.ipv6.conf.default.disable_ipv6", "1");
  netlink::Socket socket;
  socket.execute(netlink::add_veth({.name = wire_ends_[0]}, {.name = "eth0", .netns_fd = a_.fd(), .mac = kMacA}));
  socket.execute(netlink::add_veth({.name = wire_ends_[1]}, {.name = "eth0", .netns_fd = b_.fd(), .mac = kMacB}));
  for (const std::string& end : wire_ends_) socket.execute(netlink::set_up(end));
}

void LinkBed::give_addresses() {
  address(a_.fd(), kA, kB, kMacB);
  address(b_.fd(), kB, kA, kMacA);
  for (const int netns : {a_.fd(), b_.fd()}) {
    const sandbox::ScopedNetwork scope(netns);
    netlink::Socket socket;
    netlink::settle_links(socket);
  }
  netlink::Socket socket;
  netlink::settle_links(socket);
}

}  // namespace geomx::test
