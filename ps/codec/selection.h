#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace geomx::ps {

struct Selected {
  std::uint32_t value = 0;  // the k-th largest
  std::size_t ties = 0;     // how many of that value are among the k largest
};

// The k-th largest number, by counting numbers in ranges and going on within one range: in time proportional to their
// count, whatever they are, and without the mispredicted branches of comparisons. Leaves `numbers` in disorder, and
// others in the place of some. REQUIRES: 1 <= k <= numbers.size().
Selected select_largest(std::span<std::uint32_t> numbers, std::size_t k);

}  // namespace geomx::ps
