#pragma once

#include <cstdint>
#include <vector>

#include "emulator/shaper/direction.h"

// The distributions of jitter, as quantile functions in units of the jitter: delay + jitter * swing. Pure.
//
// - uniform: between -1 and +1.
// - normal: the jitter is the standard deviation; cut off at 4 of them.
// - pareto: of shape 3, moved to a mean of 0: never below -2/3, half of it below -0.32, a long tail cut off at +4
//   (which makes the mean -0.03). It is the table "pareto" of iproute2 (netem/pareto.c): tc and the wire mean the same
//   by it.
namespace geomx::shaper {

// The swing below which a share of `u` lies; u in [0, 1).
double swing_at(Distribution distribution, double u);
double lowest_swing(Distribution distribution);
double highest_swing(Distribution distribution);

// The standard normal distribution below z, and its inverse (Acklam's rational approximation, relative error 1.2e-9).
double normal_below(double z);
double normal_quantile(double u);

// A distribution as netem takes it: swings at evenly spread quantiles, in units of 1/8192 (NETEM_DIST_SCALE).
std::vector<std::int16_t> netem_table(Distribution distribution);

}  // namespace geomx::shaper
