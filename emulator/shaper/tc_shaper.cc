#include <chrono>
#include <mutex>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/netlink/counters.h"
#include "emulator/netlink/link.h"
#include "emulator/netlink/socket.h"
#include "emulator/shaper/network_scope.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/tc.h"
#include "emulator/shaper/tc_meter.h"
#include "emulator/shaper/tc_reading.h"

namespace geomx::shaper {
namespace {

// A look that took longer than this does not say when it was.
constexpr Nanoseconds kQuickLook = std::chrono::microseconds(100);
// Until the next look at an egress where nothing waits.
constexpr Nanoseconds kIdle = std::chrono::milliseconds(20);

Nanoseconds steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

// One direction: the qdiscs at one interface's egress. Thread-safe, as the meter looks while others ask.
class Egress final : public Metered {
 public:
  // Sockets are made while the calling thread is in the interface's namespace, and stay there.
  Egress(TcMeter& meter, const TcEnd& end, const Direction& direction)
      : Egress(NetworkScope(end.netns_fd), meter, end, direction) {}
  ~Egress() {
    meter_.remove(*this);
    try {
      clear();
    } catch (const Error&) {
      // The interface or its namespace is gone, and the qdisc with it.
    }
  }

  void set(const Direction& direction) {
    const std::lock_guard lock(mutex_);
    if (const auto obstacle = tc_obstacle(direction)) {
      throw InputError(interface_, *obstacle, "let the wire shape this link");
    }
    link_ = netlink::get_link(socket_, interface_);  // its MTU may have changed
    std::vector<TcStage> wanted = tc_stages(direction, link_.mtu);
    const bool change = changeable(stages_, wanted);
    if (!change) {
      carried_ = totals();
      offset_ = {};
      clear();
    }
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
    direction_ = direction;
    busy_.forget();
    if (!change) offset_ = read();
  }

  std::string describe(const std::vector<netlink::Qdisc>& all) {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const TcStage& stage : stages_) {
      text += text.empty() ? "" : ", then ";
      std::string found = "(gone)";
      for (const netlink::Qdisc& qdisc : all) {
        if (qdisc.place.link_index != link_.index) continue;
        if (qdisc.place.handle == stage.handle && qdisc.settings) found = shaper::describe(*qdisc.settings);
      }
      text += found;
    }
    return text.empty() ? "unshaped" : text;
  }

  // Totals that go on where other qdiscs, whose counters begin at 0, have taken over.
  DirectionCounters count(const TcReading* reading = nullptr) {
    const std::lock_guard lock(mutex_);
    return totals(reading);
  }

  Nanoseconds look() override {
    const std::lock_guard lock(mutex_);
    if (stages_.empty() || !direction_.rate) return kIdle;
    try {
      const Nanoseconds before = steady_now();
      const auto tbf = reader_.qdisc(link_.index, stages_.back().handle);
      const Nanoseconds after = steady_now();
      if (!tbf) return kIdle;
      if (after - before <= kQuickLook) {
        busy_.add({before + (after - before) / 2, tbf->bytes, tbf->backlog}, *direction_.rate);
      }
      return tbf->backlog > 0 ? until_next_look(tbf->backlog, *direction_.rate) : kIdle;
    } catch (const Error&) {
      busy_.forget();
      return kIdle;
    }
  }

 private:
  Egress(const NetworkScope&, TcMeter& meter, const TcEnd& end, const Direction& direction)
      : meter_(meter), interface_(end.interface), link_(netlink::get_link(socket_, end.interface)) {
    set(direction);
    meter_.add(*this);
  }

  DirectionCounters totals(const TcReading* reading = nullptr) {
    DirectionCounters counters = read(reading);
    counters.packets += carried_.packets - offset_.packets;
    counters.bytes += carried_.bytes - offset_.bytes;
    counters.dropped_queue += carried_.dropped_queue - offset_.dropped_queue;
    counters.dropped_loss += carried_.dropped_loss - offset_.dropped_loss;
    return counters;
  }

  // What the kernel counts at present: as it has been read, else it is asked.
  DirectionCounters read(const TcReading* reading = nullptr) {
    DirectionCounters counters;
    const auto qdisc = [&](std::uint32_t handle) {
      return reading ? reading->qdisc(link_.index, handle) : reader_.qdisc(link_.index, handle);
    };
    if (const auto link = reading ? reading->link(link_.index) : reader_.link(link_.index)) {
      counters.packets = link->tx_packets;
      counters.bytes = link->tx_bytes;
      // What leaves the qdiscs and does not reach the other end: the queue of this machine's receiving CPU was full.
      counters.overruns = link->tx_dropped;
    }
    counters.busy_nanoseconds = busy_.nanoseconds();
    counters.busy_bytes = busy_.bytes();
    if (stages_.empty()) return counters;
    const auto first = qdisc(stages_.front().handle);
    counters.packets = first ? first->packets : 0;
    counters.bytes = first ? first->bytes : 0;
    // The last stage is the one that drops: netem by its loss, or tbf by its bound.
    const auto last = qdisc(stages_.back().handle);
    if (!last) return counters;
    (direction_.random() ? counters.dropped_loss : counters.dropped_queue) = last->drops;
    if (direction_.rate) counters.backlog_bytes = last->backlog;
    return counters;
  }

  void clear() {
    if (stages_.empty()) return;
    socket_.execute(netlink::delete_qdisc({link_.index, netlink::kRoot, stages_.front().handle}, interface_));
    stages_.clear();
  }

  TcMeter& meter_;
  std::string interface_;
  std::mutex mutex_;  // guards all below
  netlink::Socket socket_;
  netlink::CounterReader reader_;
  netlink::Link link_;
  std::vector<TcStage> stages_;
  Direction direction_;
  BusyTime busy_;
  DirectionCounters carried_;  // of qdiscs that are gone
  DirectionCounters offset_;   // what had been counted where counting goes on
};

class TcShaper : public Shaper {
 public:
  TcShaper(TcMeter& meter, const TcEnd& a, const TcEnd& b, const Direction& forward, const Direction& backward)
      : forward_(meter, a, forward), backward_(meter, b, backward) {}

  Kind kind() const override { return Kind::tc; }
  void change(const Direction& forward, const Direction& backward) override {
    forward_.set(forward);
    backward_.set(backward);
  }
  LinkCounters counters() const override { return {forward_.count(), backward_.count()}; }
  LinkCounters counters(const TcReading& first, const TcReading& second) const override {
    return {forward_.count(&first), backward_.count(&second)};
  }
  std::string describe(bool forward, const std::vector<netlink::Qdisc>& found) const override {
    return (forward ? forward_ : backward_).describe(found);
  }

 private:
  mutable Egress forward_;
  mutable Egress backward_;
};

}  // namespace

std::unique_ptr<Shaper> shape_by_tc(TcMeter& meter, const TcEnd& a, const TcEnd& b, const Direction& forward,
                                    const Direction& backward) {
  return std::make_unique<TcShaper>(meter, a, b, forward, backward);
}

}  // namespace geomx::shaper
