#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/units.h"
#include "emulator/control/client.h"
#include "emulator/lab/plan.h"

// Asked against measured, for one direction of a link over a whole run. Pure.
namespace geomx::run {

struct LinkReport {
  std::string link;
  std::string direction;  // "central->a", in the scenario's words
  bool forward = true;
  lab::LinkScope scope = lab::LinkScope::wan;
  shaper::Kind shaper = shaper::Kind::none;
  shaper::Direction asked;

  // What was seen; nullopt: not measured.
  std::optional<BitsPerSecond> rate;    // in the windows in which packets waited for the rate, 100 ms in all or more
  std::optional<Nanoseconds> delay;     // one way, serialisation apart
  std::optional<Nanoseconds> idle_rtt;  // of the whole link, both directions, before the job started
  std::optional<double> loss;           // of the packets that the queue let through
  std::optional<Nanoseconds> lateness;  // 99th percentile of how late the shaper's timers fired
  Nanoseconds expected_rtt{0};          // what idle_rtt should be: both delays and a ping's serialisation
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t dropped_queue = 0;
  std::uint64_t dropped_loss = 0;
  std::uint64_t duplicated = 0;  // copies among `packets`
  std::uint64_t overruns = 0;    // packets that this machine lost, not the emulated link

  // Packets that chance could have lost.
  std::uint64_t offered() const { return packets - std::min(packets, duplicated) + dropped_loss; }
};

// How long a ping of the usual size, 98 bytes of Ethernet frame, occupies the link; 0 where it has no rate.
Nanoseconds ping_serialisation(const shaper::Direction& direction);

// A data center's switch and the cable that joins it to its gateway are how a LAN is made, not what a scenario asked
// for: neither is counted among a lab's nodes and links.
bool counts(const lab::PlannedNode& node);
bool counts(const lab::PlannedLink& link);

// Two reports per link of the plan that counts, forward first. Bytes, packets and drops are those between the two
// counter readings; a link that a reading lacks counts as zero there. `idle_rtts` is by link name.
std::vector<LinkReport> report_links(const lab::Plan& plan, const std::vector<control::LinkCounters>& start,
                                     const std::vector<control::LinkCounters>& end,
                                     const std::map<std::string, Nanoseconds>& idle_rtts);

// Sum of `bytes` over the links of one scope, both directions, each link on a packet's way counted.
std::uint64_t total_bytes(const std::vector<LinkReport>& reports, lab::LinkScope scope);

}  // namespace geomx::run
