#include "ps/codec/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace geomx::ps {
namespace {

TEST(SelectionTest, FindsWhatSortingFinds) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  std::mt19937 random(11);
  for (const std::size_t n : {1U, 2U, 3U, 100U, 5000U}) {
    for (const std::uint32_t range : {0U, 1U, 1023U, 1024U, 0x100000U, kMost}) {
      for (const std::uint32_t start : {0U, kMost - range}) {
        std::vector<std::uint32_t> numbers(n);
        for (std::uint32_t& number : numbers) {
          number = start + static_cast<std::uint32_t>(random() % (std::uint64_t{range} + 1));
        }
        std::vector<std::uint32_t> sorted = numbers;
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        for (std::size_t k = 1; k <= n; k = k * 3 - k / 2) {
          std::vector<std::uint32_t> used = numbers;
          const Selected selected = select_largest(used, k);
          ASSERT_EQ(selected.value, sorted[k - 1]) << n << " in " << range << ", " << k;
          const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(k);
          ASSERT_EQ(selected.ties, static_cast<std::size_t>(std::count(sorted.begin(), end, selected.value)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace geomx::ps
