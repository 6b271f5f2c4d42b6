#include "emulator/shaper/tc_reading.h"

namespace geomx::shaper {
namespace {

template <typename Map>
std::optional<typename Map::mapped_type> find(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

TcReading::TcReading(netlink::CounterReader& reader) {
  for (netlink::LinkCounters& link : reader.links()) links_.emplace(link.link_index, link);
  for (netlink::QdiscCounters& qdisc : reader.qdiscs()) {
    qdiscs_.emplace(std::pair(qdisc.link_index, qdisc.handle), std::move(qdisc));
  }
}

std::optional<netlink::LinkCounters> TcReading::link(int index) const {
  return find(links_, index);
}

std::optional<netlink::QdiscCounters> TcReading::qdisc(int link_index, std::uint32_t handle) const {
  return find(qdiscs_, {link_index, handle});
}

}  // namespace geomx::shaper
