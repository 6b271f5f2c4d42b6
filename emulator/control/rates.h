#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "emulator/control/client.h"

// What two readings of a lab's counters say about the time between them. Pure.
namespace geomx::control {

// What the plan says of one link.
struct WatchedLink {
  struct Direction {
    std::string name;                        // "central->a"
    std::optional<std::uint64_t> limit_bps;  // bits per second; none: unlimited
  };
  std::string name;
  bool wan = true;
  Direction forward;
  Direction backward;
};

// The links of a `plan --json` or `inspect --json` document. Throws WorkError where it is not one.
std::vector<WatchedLink> watched_links(const std::string& plan_json);

// One link of it, or of what Client::inspect_link returns. Likewise.
WatchedLink watched_link(const std::string& link_json);

struct DirectionRates {
  std::string name;
  std::optional<std::uint64_t> limit_bps;
  double bps = 0;                     // delivered, bits per second of Ethernet frames
  std::optional<double> utilisation;  // of the limit; may pass 1 by what a queue let go
  double packets_per_second = 0;
  std::uint64_t backlog_bytes = 0;  // now
  std::optional<double> queue_ms;   // what a packet that comes now waits for the rate
  std::uint64_t dropped_queue = 0;  // in this time
  std::uint64_t dropped_loss = 0;   // likewise
  std::uint64_t overruns = 0;       // likewise
  std::optional<double> delay_ms;   // measured, without the queue: in this time, or where nothing passed, before
  std::uint64_t drops() const { return dropped_queue + dropped_loss + overruns; }
};

struct LinkRates {
  std::string name;
  bool wan = true;
  DirectionRates forward;
  DirectionRates backward;
  std::optional<double> rtt_ms;  // both ways' measured delay and present queue; none: not measured (tc, or no traffic)
};

// By the plan's order; a link without counters is left out, and one whose counters were not there before, or have
// started anew, counts from zero.
std::vector<LinkRates> rates(const std::vector<WatchedLink>& links, const std::vector<LinkCounters>& before,
                             const std::vector<LinkCounters>& after, double seconds);

}  // namespace geomx::control
