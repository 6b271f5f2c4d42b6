#include "trainer/cpu/program/arena.h"

#include <algorithm>
#include <numeric>

#include "trainer/tensor/tensors.h"

namespace geomx::trainer {
namespace {

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

ArenaPlan plan_arena(const std::vector<Lifetime>& lives) {
  std::vector<std::size_t> order(lives.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return lives[i].bytes; });

  ArenaPlan plan{.offsets = std::vector<std::size_t>(lives.size())};
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t i : order) {
    const std::size_t bytes = aligned(lives[i].bytes);
    std::size_t offset = 0;
    for (const std::size_t other : placed) {
      if (lives[other].last < lives[i].first || lives[i].last < lives[other].first) continue;
      if (offset + bytes <= plan.offsets[other]) break;
      offset = std::max(offset, plan.offsets[other] + aligned(lives[other].bytes));
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + bytes);
    const auto at = std::ranges::upper_bound(placed, offset, {}, [&](std::size_t p) { return plan.offsets[p]; });
    placed.insert(at, i);
  }
  return plan;
}

}  // namespace geomx::trainer
