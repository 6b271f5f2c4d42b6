#include "ps/codec/selection.h"

#include <algorithm>
#include <array>
#include <bit>

namespace geomx::ps {
namespace {

constexpr int kRangeBits = 10;

}  // namespace

Selected select_largest(std::span<std::uint32_t> numbers, std::size_t k) {
  while (true) {
    const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
    const std::uint32_t least = *low;
    const int shift = std::max(static_cast<int>(std::bit_width(*high - least)) - kRangeBits, 0);
    std::array<std::uint32_t, std::size_t{1} << kRangeBits> counts{};
    for (const std::uint32_t number : numbers) ++counts[(number - least) >> shift];
    std::uint32_t range = counts.size() - 1;
    for (; counts[range] < k; --range) k -= counts[range];
    if (shift == 0) return {least + range, k};
    std::size_t kept = 0;
    for (const std::uint32_t number : numbers) {
      numbers[kept] = number;
      kept += ((number - least) >> shift) == range ? 1 : 0;
    }
    numbers = numbers.first(kept);
  }
}

}  // namespace geomx::ps
