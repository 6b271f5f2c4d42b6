#include "emulator/lab/lab.h"
#include "emulator/shaper/tc_reading.h"

namespace geomx::lab {

netlink::CounterReader& Lab::reader(std::size_t node) {
  const auto found = readers_.find(node);
  if (found != readers_.end()) return found->second;
  const sandbox::ScopedNetwork inside(namespaces_[node].network);
  return readers_.emplace(node, netlink::CounterReader()).first->second;
}

// One round of dumps per namespace, however many links end there.
std::vector<shaper::LinkCounters> Lab::counters() {
  const std::lock_guard lock(reading_);
  std::map<std::size_t, shaper::TcReading> readings;  // by node
  const auto at = [&](std::size_t node) -> const shaper::TcReading& {
    const auto found = readings.find(node);
    return found != readings.end() ? found->second : readings.emplace(node, reader(node)).first->second;
  };
  std::vector<shaper::LinkCounters> result;
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    if (shapers_[l] && shapers_[l]->kind() == shaper::Kind::tc) {
      const PlannedLink& link = plan_.links[l];
      result.push_back(shapers_[l]->counters(at(index_.at(link.ends[0].node)), at(index_.at(link.ends[1].node))));
      continue;
    }
    if (shapers_[l]) {
      result.push_back(shapers_[l]->counters());
      continue;
    }
    const PlannedLink& link = plan_.links[l];
    const std::size_t node = vantage(link);
    const int end = link.ends[1].node == plan_.nodes[node].name ? 1 : 0;
    const int index =
        interface_index(plan_.nodes[node].interfaces[interface_number(plan_.nodes[node], link.ends[end].interface)]);
    const netlink::LinkCounters here = at(node).link(index).value_or(netlink::LinkCounters{});
    shaper::LinkCounters counted;
    shaper::DirectionCounters& away = end == 0 ? counted.forward : counted.backward;
    shaper::DirectionCounters& hither = end == 0 ? counted.backward : counted.forward;
    away.packets = here.tx_packets;
    away.bytes = here.tx_bytes;
    // A plain cable has no queue that could be full; the receiving CPU of this machine has.
    away.overruns = here.tx_dropped;
    hither.packets = here.rx_packets;
    hither.bytes = here.rx_bytes;
    hither.overruns = here.rx_dropped;
    result.push_back(counted);
  }
  return result;
}

std::string Lab::describe_shaper(std::size_t link, bool forward, const std::vector<netlink::Qdisc>& found) {
  const std::lock_guard lock(reading_);
  return shapers_[link] ? shapers_[link]->describe(forward, found) : "";
}

std::string Lab::wire_scheduling() const {
  return loop_ ? loop_->scheduling() : "";
}

}  // namespace geomx::lab
