#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/netlink/counters.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/network_scope.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/tc.h"

namespace geomx::shaper {
namespace {

bool same_kinds(const std::vector<TcStage>& a, const std::vector<TcStage>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].kind.index() != b[i].kind.index()) return false;
  }
  return true;
}

std::string describe_stage(const netlink::QdiscKind& kind) {
  if (const auto* tbf = std::get_if<netlink::Tbf>(&kind)) {
    return fmt::format("tbf rate {} burst {} limit {}", to_string(tbf->rate), to_string(tbf->burst),
                       to_string(Bytes{tbf->limit}));
  }
  const auto& netem = std::get<netlink::Netem>(kind);
  std::string text = fmt::format("netem delay {}", to_string(netem.delay));
  if (netem.loss.value > 0) text += fmt::format(" loss {}", to_string(netem.loss));
  if (netem.seed) text += fmt::format(" seed {}", *netem.seed);
  return text;
}

// One direction: the qdiscs at one interface's egress.
class Egress {
 public:
  // Sockets are made while the calling thread is in the interface's namespace, and stay there.
  Egress(const TcEnd& end, const Direction& direction) : Egress(NetworkScope(end.netns_fd), end, direction) {}
  ~Egress() {
    try {
      clear();
    } catch (const Error&) {
      // The interface or its namespace is gone, and the qdisc with it.
    }
  }
  Egress(const Egress&) = delete;
  Egress& operator=(const Egress&) = delete;

  void set(const Direction& direction) {
    if (const auto obstacle = tc_obstacle(direction)) {
      throw InputError(interface_, *obstacle, "let the wire shape this link");
    }
    std::vector<TcStage> wanted = tc_stages(direction, link_.mtu);
    const bool change = same_kinds(wanted, stages_);
    if (!change) clear();
    netlink::Batch batch;
    std::uint32_t parent = netlink::kRoot;
    for (const TcStage& stage : wanted) {
      const netlink::QdiscPlace place{link_.index, parent, stage.handle};
      batch.push_back(change ? netlink::change_qdisc(place, stage.kind, interface_)
                             : netlink::add_qdisc(place, stage.kind, interface_));
      parent = stage.handle | 1;
    }
    if (!batch.empty()) socket_.execute(batch);
    stages_ = std::move(wanted);
    loses_ = direction.loss > 0;
  }

  std::string describe() {
    std::string text;
    for (const TcStage& stage : stages_) {
      text += text.empty() ? "" : ", then ";
      std::string found = "(gone)";
      for (const netlink::Qdisc& qdisc : netlink::list_qdiscs(socket_, link_.index)) {
        if (qdisc.place.handle == stage.handle && qdisc.settings) found = describe_stage(*qdisc.settings);
      }
      text += found;
    }
    return text.empty() ? "unshaped" : text;
  }

  DirectionCounters count() {
    DirectionCounters counters;
    if (stages_.empty()) {
      for (const netlink::LinkCounters& link : reader_.links()) {
        if (link.link_index != link_.index) continue;
        counters.packets = link.tx_packets;
        counters.bytes = link.tx_bytes;
      }
      return counters;
    }
    for (const netlink::QdiscCounters& qdisc : reader_.qdiscs()) {
      if (qdisc.link_index != link_.index) continue;
      if (qdisc.handle == stages_.front().handle) {
        counters.packets = qdisc.packets;
        counters.bytes = qdisc.bytes;
      }
      if (qdisc.handle != stages_.back().handle) continue;
      // The last stage is the one that drops: netem by its loss, or tbf by its bound.
      if (loses_) {
        counters.dropped_loss = qdisc.drops;
      } else {
        counters.dropped_queue = qdisc.drops;
        if (qdisc.kind == "tbf") counters.backlog_bytes = qdisc.backlog;
      }
    }
    return counters;
  }

 private:
  Egress(const NetworkScope&, const TcEnd& end, const Direction& direction)
      : interface_(end.interface), link_(netlink::get_link(socket_, end.interface)) {
    set(direction);
  }

  void clear() {
    if (stages_.empty()) return;
    socket_.execute(netlink::delete_qdisc({link_.index, netlink::kRoot, stages_.front().handle}, interface_));
    stages_.clear();
  }

  std::string interface_;
  netlink::Socket socket_;
  netlink::CounterReader reader_;
  netlink::Link link_;
  std::vector<TcStage> stages_;
  bool loses_ = false;
};

class TcShaper : public Shaper {
 public:
  TcShaper(const TcEnd& a, const TcEnd& b, const Direction& forward, const Direction& backward)
      : forward_(a, forward), backward_(b, backward) {}

  Kind kind() const override { return Kind::tc; }
  void change(const Direction& forward, const Direction& backward) override {
    forward_.set(forward);
    backward_.set(backward);
  }
  LinkCounters counters() const override { return {forward_.count(), backward_.count()}; }
  std::string describe(bool forward) const override { return (forward ? forward_ : backward_).describe(); }

 private:
  mutable Egress forward_;
  mutable Egress backward_;
};

}  // namespace

std::unique_ptr<Shaper> shape_by_tc(const TcEnd& a, const TcEnd& b, const Direction& forward,
                                    const Direction& backward) {
  return std::make_unique<TcShaper>(a, b, forward, backward);
}

}  // namespace geomx::shaper
