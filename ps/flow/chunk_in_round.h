#pragma once

#include <compare>
#include <cstdint>

namespace geomx::ps {

// What pushes have in common that may be added up: TSEngine's scheduler and its nodes agree on this.
struct ChunkInRound {
  std::uint32_t key = 0;
  std::uint64_t offset = 0;
  std::uint64_t round = 0;
  auto operator<=>(const ChunkInRound&) const = default;  // NOLINT(modernize-use-nullptr): no pointer is near
};

}  // namespace geomx::ps
