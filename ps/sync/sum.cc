#include "ps/sync/sum.h"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace geomx::ps {

void add_arrays(std::span<const float> a, std::span<const float> b, std::span<float> sum) {
  const float* x = a.data();
  const float* y = b.data();
  float* out = sum.data();
  for (std::size_t i = 0; i < sum.size(); ++i) out[i] = x[i] + y[i];
}

// On the bits, so that the compiler's licence about floating point does not matter.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t found = 0;
  for (const float value : values) found |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent ? 1u : 0u;
  return found == 0;
}

}  // namespace geomx::ps
