#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/control/client.h"
#include "emulator/lab/plan.h"
#include "emulator/run/interrupts.h"

// The round trip of each WAN link while nothing else is on it: what the job's own traffic cannot show.
namespace geomx::run {

// Runs `ping` in the node at one end of every shaped link between two nodes, towards the other end's address, some
// links at a time and each for a few packets; the median counts. By link name; a link whose pings found no answer
// within `limit`, and every link where ping is not installed, is left out. Throws what `interrupts` throws.
std::map<std::string, Nanoseconds> measure_idle_rtts(control::Client& client, const lab::Plan& plan,
                                                     const Interrupts& interrupts, std::chrono::milliseconds limit);

// How a link is pinged so that no packet waits for another, not even on one of a few kilobits per second.
struct PingPlan {
  int packets = 0;
  std::chrono::milliseconds interval{0};
  std::chrono::milliseconds patience{0};  // for the last answer
};
PingPlan plan_pings(const lab::PlannedLink& link, std::chrono::milliseconds limit);

// The median of every "time=1.23 ms" in what ping prints; nullopt where there is none.
std::optional<Nanoseconds> median_of_pings(std::string_view output);

}  // namespace geomx::run
