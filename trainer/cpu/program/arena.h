#pragma once

#include <cstddef>
#include <vector>

namespace geomx::trainer {

// A piece of memory that holds something from one operation to another, both included.
struct Lifetime {
  std::size_t bytes = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

struct ArenaPlan {
  std::vector<std::size_t> offsets;  // one per lifetime, multiples of kAlignment
  std::size_t bytes = 0;
};

// Addresses in one block of memory such that lives that overlap in time do not in space. Greedy: the largest first,
// each at the lowest place that is free for it. (Optimal packing is NP-hard; this is the usual heuristic.)
ArenaPlan plan_arena(const std::vector<Lifetime>& lives);

}  // namespace geomx::trainer
