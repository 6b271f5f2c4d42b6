#include "emulator/shaper/features.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "emulator/base/error.h"
#include "emulator/netlink/bridge_queue.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/packet_queue.h"
#include "emulator/netlink/qdisc.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/packet_socket.h"
#include "emulator/shaper/tc.h"

namespace geomx::shaper {
namespace {

// Whether the kernel takes the qdisc and has it afterwards as asked.
bool try_qdisc(netlink::Socket& socket, const netlink::Link& link, const netlink::QdiscKind& kind) {
  const netlink::QdiscPlace place{.link_index = link.index};
  try {
    socket.execute(netlink::add_qdisc(place, kind, link.name));
  } catch (const SystemError&) {
    return false;
  }
  bool as_asked = false;
  for (const netlink::Qdisc& qdisc : netlink::list_qdiscs(socket, link.index)) {
    if (qdisc.place.handle != place.handle || !qdisc.settings) continue;
    as_asked = kind.index() == qdisc.settings->index();
    if (const auto* netem = std::get_if<netlink::Netem>(&*qdisc.settings); as_asked && netem != nullptr) {
      const auto& wanted = std::get<netlink::Netem>(kind);
      as_asked = !wanted.seed || netem->seed == wanted.seed;
    }
  }
  socket.execute(netlink::delete_qdisc(place, link.name));
  return as_asked;
}

class TemporaryVeth {
 public:
  TemporaryVeth(netlink::Socket& socket, const std::string& name) : socket_(socket), name_(name) {
    socket_.execute(netlink::add_veth({.name = name}, {.name = name + "p"}));
  }
  ~TemporaryVeth() {
    try {
      socket_.execute(netlink::delete_link(name_));
    } catch (const SystemError& error) {
      spdlog::warn("removing the interface that the kernel was probed with: {}", error.line());
    }
  }
  TemporaryVeth(const TemporaryVeth&) = delete;
  TemporaryVeth& operator=(const TemporaryVeth&) = delete;

 private:
  netlink::Socket& socket_;
  std::string name_;
};

bool try_held_frames() {
  constexpr std::uint32_t kFew = 16;
  try {
    const netlink::BridgeQueues rules;
    const netlink::PacketQueue queue(1, kFew);
    return true;
  } catch (const SystemError&) {
    return false;
  }
}

// Empty: `direction` can be had from tc on a kernel with these features.
std::string missing_for_tc(const Direction& direction, const KernelFeatures& features) {
  if (!direction.shaped()) return {};
  if (auto obstacle = tc_obstacle(direction)) return *obstacle;
  if ((direction.delay.count() > 0 || direction.random()) && !features.netem) {
    return "tc needs netem for a delay or a loss, and this kernel has no netem";
  }
  if (direction.random() && direction.seed && !features.netem_seed) {
    return "tc needs a kernel of 6.7 or newer for seeded chance";
  }
  if ((direction.rate || direction.random()) && !features.tbf) return "this kernel has no tbf";
  return {};
}

}  // namespace

KernelFeatures probe_features() {
  KernelFeatures features;
  netlink::Socket socket;
  const std::string name = "probe" + std::to_string(::getpid() % 1'000'000);
  const TemporaryVeth veth(socket, name);
  const netlink::Link link = netlink::get_link(socket, name);
  features.tbf = try_qdisc(socket, link, netlink::Tbf{BitsPerSecond{100'000'000}, Bytes{16 << 10}, 1 << 20});
  netlink::Netem netem;
  netem.delay = std::chrono::milliseconds(1);
  features.netem = try_qdisc(socket, link, netem);
  netem.seed = 0x5eed;
  netem.loss = Probability{0.01};
  features.netem_seed = features.netem && try_qdisc(socket, link, netem);
  try {
    const PacketSocket packets(name);
    features.packet_vnet = true;
    features.rcvbuf_force = packets.force_receive_buffer(Bytes{1 << 20});
  } catch (const SystemError&) {
    features.packet_vnet = false;
  }
  features.held_frames = features.packet_vnet && try_held_frames();
  return features;
}

Kind choose(const Direction& forward, const Direction& backward, const KernelFeatures& features, Choice choice) {
  if (!forward.shaped() && !backward.shaped()) return Kind::none;
  std::string no_tc = missing_for_tc(forward, features);
  if (no_tc.empty()) no_tc = missing_for_tc(backward, features);
  const std::string no_wire =
      features.packet_vnet ? "" : "the wire needs packet sockets with PACKET_VNET_HDR, which this kernel does not give";
  switch (choice) {
    case Choice::tc:
      if (!no_tc.empty()) throw InputError({}, no_tc, "use --shaper auto or wire");
      return Kind::tc;
    case Choice::wire:
      if (!no_wire.empty()) throw InputError({}, no_wire, "see geomx-emu doctor");
      return Kind::wire;
    case Choice::auto_:
      break;
  }
  for (const Direction* direction : {&forward, &backward}) {
    if (no_tc.empty()) no_tc = tc_shortcoming(*direction).value_or("");
  }
  if (no_tc.empty()) return Kind::tc;
  if (no_wire.empty()) return Kind::wire;
  throw InputError({}, no_tc + "; and " + no_wire, "see geomx-emu doctor");
}

}  // namespace geomx::shaper
