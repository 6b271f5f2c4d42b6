#pragma once

#include <cstdint>
#include <limits>

namespace geomx::ps {

// "All rounds", of those that a server would not have to be told again, should it be started again.
inline constexpr std::uint64_t kDurable = std::numeric_limits<std::uint64_t>::max();

// Of a party, whose workers' gradients are in a sum: how many, and how many others are not waited for.
struct HeadCount {
  // NOLINTNEXTLINE(google-explicit-constructor): mostly, all are there
  HeadCount(std::uint32_t there, std::uint32_t away = 0) : workers(there), absent(away) {}

  std::uint32_t workers;
  std::uint32_t absent;
};

}  // namespace geomx::ps
