#pragma once

#include <cstdint>

#include "emulator/control/client.h"

// A plan with a WAN link that has a limit one way and a LAN link, and readings of the first one's counters.
namespace geomx::control {

inline constexpr const char* kPlan = R"({"lab": "x", "nodes": [], "links": [
  {"name": "wan", "scope": "wan", "ends": ["a:eth1", "b:eth1"],
   "forward": {"direction": "a->b", "asked": {"rate": "10Mbit"}},
   "backward": {"direction": "b->a", "asked": {"rate": null}}},
  {"name": "h--s", "scope": "lan", "ends": ["h:eth0", "s:eth0"],
   "forward": {"direction": "h->s", "asked": {"rate": null}},
   "backward": {"direction": "s->h", "asked": {"rate": null}}}]})";

inline LinkCounters counters(std::uint64_t packets, std::int64_t delay_ms) {
  LinkCounters link{"wan", {}, {}};
  for (DirectionCounters* direction : {&link.forward, &link.backward}) {
    direction->packets = packets;
    direction->bytes = packets * 1000;
    direction->delay_nanoseconds = delay_ms < 0 ? -1 : delay_ms * 1'000'000;
  }
  return link;
}

}  // namespace geomx::control
