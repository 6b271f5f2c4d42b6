#pragma once

#include <cstdint>
#include <vector>

#include "emulator/shaper/direction.h"
#include "tests/support/link_bed.h"
#include "tests/support/traffic.h"

// What a link does to real traffic, in figures that a test judges and a table shows. Each call makes a link of its own.
namespace geomx::test {

struct DelayErrors {
  double mean = 0;  // milliseconds; of the one-way delays beyond what was asked for and the serialisation
  double p99 = 0;   // of their absolute values
  std::size_t samples = 0;
};
// Small datagrams one by one, so far apart that none waits for another.
DelayErrors measure_delay(shaper::Kind kind, const shaper::Direction& direction, std::uint32_t count);

// The one-way delays of datagrams that were sent `gap` apart, in milliseconds, in the order in which they arrived.
std::vector<double> measure_delays(shaper::Kind kind, const shaper::Direction& direction, std::uint32_t count,
                                   Nanoseconds gap);
// The swings of a jitter's distribution below `swing`, in units of the jitter.
double share_below(shaper::Distribution distribution, double swing);
// The largest distance between the delays' distribution and the one that is asked for (Kolmogorov and Smirnov).
double distance_from_asked(const std::vector<double>& delays, const shaper::Direction& direction);

struct Losses {
  double sent = 0;
  double lost = 0;
  std::vector<double> bursts;  // lengths
};
Losses measure_losses(shaper::Kind kind, const shaper::Direction& direction, std::uint32_t count);

// Largest datagrams that a saturated link with that trace delivered, in each of its first whole seconds.
std::vector<std::uint32_t> measure_trace(const RateTrace& trace, int seconds);

}  // namespace geomx::test
