#include "ps/sync/sum.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace geomx::ps {
namespace {

// Floats of which a piece of the sum stays in the first cache while all addends are added to it.
constexpr std::size_t kPiece = 2048;

// The loops, compiled twice below: for any processor and for one with AVX2. Four streams are read at once: one alone
// does not fill the road to memory.
#define GEOMX_LOOP [[gnu::always_inline]] inline

GEOMX_LOOP void start_sum(const float* const* addends, std::size_t count, std::size_t from, std::size_t n, float* sum) {
  const float* a = addends[0] + from;
  const float* b = addends[1] + from;
  if (count == 2) {
    for (std::size_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
    return;
  }
  const float* c = addends[2] + from;
  if (count == 3) {
    for (std::size_t i = 0; i < n; ++i) sum[i] = (a[i] + b[i]) + c[i];
    return;
  }
  const float* d = addends[3] + from;
  for (std::size_t i = 0; i < n; ++i) sum[i] = ((a[i] + b[i]) + c[i]) + d[i];
}

GEOMX_LOOP void continue_sum(const float* const* addends, std::size_t count, std::size_t from, std::size_t n,
                             float* sum) {
  for (; count >= 4; addends += 4, count -= 4) {
    const float* a = addends[0] + from;
    const float* b = addends[1] + from;
    const float* c = addends[2] + from;
    const float* d = addends[3] + from;
    for (std::size_t i = 0; i < n; ++i) sum[i] = (((sum[i] + a[i]) + b[i]) + c[i]) + d[i];
  }
  for (; count > 0; ++addends, --count) {
    const float* a = addends[0] + from;
    for (std::size_t i = 0; i < n; ++i) sum[i] += a[i];
  }
}

// On the bits, so that the compiler's licence about floating point does not matter.
GEOMX_LOOP bool finite(const float* values, std::size_t n) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < n; ++i) {
    found |= (std::bit_cast<std::uint32_t>(values[i]) & kExponent) == kExponent ? 1u : 0u;
  }
  return found == 0;
}

GEOMX_LOOP bool sum_all(std::span<const float* const> addends, std::span<float> sum) {
  const std::size_t first = std::min<std::size_t>(addends.size(), 4);
  bool good = true;
  for (std::size_t from = 0; from < sum.size(); from += kPiece) {
    const std::size_t n = std::min(kPiece, sum.size() - from);
    float* piece = sum.data() + from;
    start_sum(addends.data(), first, from, n, piece);
    continue_sum(addends.data() + first, addends.size() - first, from, n, piece);
    good = finite(piece, n) && good;
  }
  return good;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) bool sum_all_avx2(std::span<const float* const> addends, std::span<float> sum) {
  return sum_all(addends, sum);
}
__attribute__((target("avx2"))) bool finite_avx2(const float* values, std::size_t n) {
  return finite(values, n);
}
bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}
#endif

}  // namespace

bool sum_arrays(std::span<const float* const> addends, std::span<float> sum) {
#if defined(__x86_64__)
  if (has_avx2()) return sum_all_avx2(addends, sum);
#endif
  return sum_all(addends, sum);
}

bool all_finite(std::span<const float> values) {
#if defined(__x86_64__)
  if (has_avx2()) return finite_avx2(values.data(), values.size());
#endif
  return finite(values.data(), values.size());
}

}  // namespace geomx::ps
