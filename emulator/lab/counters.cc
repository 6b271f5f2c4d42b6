#include "emulator/lab/lab.h"

namespace geomx::lab {

std::vector<shaper::LinkCounters> Lab::counters() {
  const std::lock_guard lock(reading_);
  std::map<std::size_t, std::map<int, netlink::LinkCounters>> seen;  // by vantage node, then interface index
  for (auto& [node, reader] : readers_) {
    for (netlink::LinkCounters& counted : reader.links()) seen[node].emplace(counted.link_index, counted);
  }
  std::vector<shaper::LinkCounters> result;
  for (std::size_t l = 0; l < plan_.links.size(); ++l) {
    if (shapers_[l]) {
      result.push_back(shapers_[l]->counters());
      continue;
    }
    const PlannedLink& link = plan_.links[l];
    const std::size_t node = vantage(link);
    const int end = link.ends[1].node == plan_.nodes[node].name ? 1 : 0;
    const netlink::LinkCounters& here = seen[node][interface_index(
        plan_.nodes[node].interfaces[interface_number(plan_.nodes[node], link.ends[end].interface)])];
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

std::string Lab::describe_shaper(std::size_t link, bool forward) {
  const std::lock_guard lock(reading_);
  return shapers_[link] ? shapers_[link]->describe(forward) : "";
}

std::string Lab::wire_scheduling() const {
  return loop_ ? loop_->scheduling() : "";
}

}  // namespace geomx::lab
