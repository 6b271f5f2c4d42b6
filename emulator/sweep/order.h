#pragma once

#include <cstdint>
#include <vector>

// Which runs a sweep has, with which seeds, and in which order. All of it is a function of the seeds and of nothing
// else: who resumes a sweep finds the same. Pure.
namespace geomx::sweep {

struct Trial {
  std::size_t point = 0;   // index in the grid's points
  int repetition = 1;      // from 1
  std::uint64_t seed = 1;  // of the run
  bool operator==(const Trial&) const = default;
};

// The n-th repetition's seed, from 1: `seed` itself, then others below 2^53, which every reader of JSON knows exactly.
// Combinations of the same seed share them, so that what chance does to one repetition it does to all combinations,
// and their differences are those of what is varied.
std::uint64_t derived_seed(std::uint64_t seed, int repetition);

// `repeat` of each point, whose seeds are given, point by point.
std::vector<Trial> trials_in_order(const std::vector<std::uint64_t>& seeds, int repeat);

// The same in a random order, so that what drifts while a sweep goes on (a machine that gets warm, or busy) does not
// fall on one end of the grid.
std::vector<Trial> shuffled(std::vector<Trial> trials, std::uint64_t seed);

}  // namespace geomx::sweep
