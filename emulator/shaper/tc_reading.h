#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/netlink/counters.h"

namespace geomx::shaper {

// What the kernel has counted at all interfaces of one network namespace: two dumps, however many there are.
class TcReading {
 public:
  explicit TcReading(netlink::CounterReader& reader);

  // As CounterReader's own: nullopt where there was none.
  std::optional<netlink::LinkCounters> link(int index) const;
  std::optional<netlink::QdiscCounters> qdisc(int link_index, std::uint32_t handle) const;

 private:
  std::map<int, netlink::LinkCounters> links_;
  std::map<std::pair<int, std::uint32_t>, netlink::QdiscCounters> qdiscs_;
};

}  // namespace geomx::shaper
