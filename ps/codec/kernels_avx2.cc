// AVX2 and F16C, function by function: the rest of the program runs on any x86-64. Without FMA, whose single rounding
// would give other bits than the portable loops.
#include "ps/codec/kernels.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <array>

#include "ps/codec/portable.h"

#define GEOMX_AVX2 __attribute__((target("avx2,f16c,popcnt")))

namespace geomx::ps {
namespace {

constexpr std::size_t kLanes = 8;

std::size_t whole(std::size_t n) {
  return n / kLanes * kLanes;
}

GEOMX_AVX2 inline __m128i load_message(const std::byte* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}
GEOMX_AVX2 inline void store_message(std::byte* to, __m128i value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value);
}

GEOMX_AVX2 void to_half_avx2(const float* values, std::byte* message, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) {
    store_message(message + 2 * i, _mm256_cvtps_ph(_mm256_loadu_ps(values + i), _MM_FROUND_TO_NEAREST_INT));
  }
  portable::to_16<to_half>(values + end, message + 2 * end, n - end);
}

GEOMX_AVX2 void from_half_avx2(const std::byte* message, float* values, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) {
    _mm256_storeu_ps(values + i, _mm256_cvtph_ps(load_message(message + 2 * i)));
  }
  portable::from_16<from_half>(message + 2 * end, values + end, n - end);
}

GEOMX_AVX2 void add_half_avx2(const std::byte* message, float* sums, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m256 value = _mm256_cvtph_ps(load_message(message + 2 * i));
    _mm256_storeu_ps(sums + i, _mm256_add_ps(_mm256_loadu_ps(sums + i), value));
  }
  portable::add_16<from_half>(message + 2 * end, sums + end, n - end);
}

// The upper halves, rounded, in the lower halves of the lanes.
GEOMX_AVX2 inline __m256i bfloats(__m256 values) {
  const __m256i bits = _mm256_castps_si256(values);
  const __m256i upper = _mm256_srli_epi32(bits, 16);
  const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
  const __m256i rounded =
      _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(values, values, _CMP_UNORD_Q));
  return _mm256_blendv_epi8(rounded, quiet, is_nan);
}

GEOMX_AVX2 void to_bfloat_avx2(const float* values, std::byte* message, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m256i lanes = bfloats(_mm256_loadu_ps(values + i));
    store_message(message + 2 * i, _mm_packus_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1)));
  }
  portable::to_16<to_bfloat>(values + end, message + 2 * end, n - end);
}

GEOMX_AVX2 inline __m256 floats(__m128i bfloats) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bfloats), 16));
}

GEOMX_AVX2 void from_bfloat_avx2(const std::byte* message, float* values, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) _mm256_storeu_ps(values + i, floats(load_message(message + 2 * i)));
  portable::from_16<from_bfloat>(message + 2 * end, values + end, n - end);
}

GEOMX_AVX2 void add_bfloat_avx2(const std::byte* message, float* sums, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) {
    _mm256_storeu_ps(sums + i, _mm256_add_ps(_mm256_loadu_ps(sums + i), floats(load_message(message + 2 * i))));
  }
  portable::add_16<from_bfloat>(message + 2 * end, sums + end, n - end);
}

// Magnitudes have no sign bit, so the signed comparison, the only one there is, serves.
GEOMX_AVX2 inline unsigned at_least(__m256 values, __m256i below) {
  const __m256i magnitudes = _mm256_and_si256(_mm256_castps_si256(values), _mm256_set1_epi32(0x7fffffff));
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(magnitudes, below))));
}

// For a set of 8 lanes, which they are, in order.
constexpr auto kLanesOf = [] {
  std::array<std::array<std::uint8_t, kLanes>, 256> table{};
  for (unsigned set = 0; set < table.size(); ++set) {
    std::size_t count = 0;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (((set >> lane) & 1) != 0) table[set][count++] = static_cast<std::uint8_t>(lane);
    }
  }
  return table;
}();

// Without a branch: whether a lane is found cannot be predicted. Writes all 8 places from `count` on, of which there
// are as many, since count <= first.
GEOMX_AVX2 inline std::size_t take(unsigned lanes, std::size_t first, std::uint32_t* found, std::size_t count) {
  const __m256i chosen =
      _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(kLanesOf[lanes].data())));
  const __m256i indices =
      _mm256_add_epi32(chosen, _mm256_set1_epi32(static_cast<int>(static_cast<std::uint32_t>(first))));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(found + count), indices);
  return count + static_cast<std::size_t>(__builtin_popcount(lanes));
}

// What a magnitude must exceed. All are at least 0.
GEOMX_AVX2 inline __m256i below(std::uint32_t least) {
  return _mm256_set1_epi32(static_cast<int>(least) - 1);
}

GEOMX_AVX2 std::size_t find_avx2(const float* values, std::size_t n, std::uint32_t least, std::uint32_t* found) {
  const std::size_t end = whole(n);
  std::size_t count = 0;
  for (std::size_t i = 0; i < end; i += kLanes) {
    count = take(at_least(_mm256_loadu_ps(values + i), below(least)), i, found, count);
  }
  return portable::find(values, end, n, least, found, count);
}

GEOMX_AVX2 std::size_t accumulate_avx2(const float* g, float* v, std::size_t n, std::uint32_t least,
                                       std::uint32_t* found) {
  const std::size_t end = whole(n);
  std::size_t count = 0;
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m256 sum = _mm256_add_ps(_mm256_loadu_ps(v + i), _mm256_loadu_ps(g + i));
    _mm256_storeu_ps(v + i, sum);
    count = take(at_least(sum, below(least)), i, found, count);
  }
  return portable::accumulate(g, v, end, n, least, found, count);
}

GEOMX_AVX2 std::size_t accumulate_with_momentum_avx2(const float* g, float* u, float* v, float momentum, std::size_t n,
                                                     std::uint32_t least, std::uint32_t* found) {
  const std::size_t end = whole(n);
  const __m256 factor = _mm256_set1_ps(momentum);
  std::size_t count = 0;
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m256 velocity = _mm256_add_ps(_mm256_mul_ps(factor, _mm256_loadu_ps(u + i)), _mm256_loadu_ps(g + i));
    const __m256 sum = _mm256_add_ps(_mm256_loadu_ps(v + i), velocity);
    _mm256_storeu_ps(u + i, velocity);
    _mm256_storeu_ps(v + i, sum);
    count = take(at_least(sum, below(least)), i, found, count);
  }
  return portable::accumulate_with_momentum(g, u, v, momentum, end, n, least, found, count);
}

// For a set of 8 values, the upper bits of their codes in two bytes.
constexpr auto kUpperBits = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned set = 0; set < table.size(); ++set) {
    unsigned bits = 0;
    for (unsigned j = 0; j < kLanes; ++j) {
      if (((set >> j) & 1) != 0) bits |= 1U << (8 * (j / 4) + 7 - 2 * (j % 4));
    }
    table[set] = static_cast<std::uint16_t>(bits);
  }
  return table;
}();

GEOMX_AVX2 void to_twobit_avx2(const float* g, float* residual, float threshold, std::byte* codes, std::size_t n) {
  const std::size_t end = whole(n);
  const __m256 step = _mm256_set1_ps(threshold);
  const __m256 minus = _mm256_set1_ps(-threshold);
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m256 wanted = _mm256_add_ps(_mm256_loadu_ps(residual + i), _mm256_loadu_ps(g + i));
    const __m256 up = _mm256_cmp_ps(wanted, step, _CMP_GE_OQ);
    const __m256 down = _mm256_cmp_ps(wanted, minus, _CMP_LE_OQ);
    const __m256 left = _mm256_add_ps(_mm256_sub_ps(wanted, _mm256_and_ps(up, step)), _mm256_and_ps(down, step));
    _mm256_storeu_ps(residual + i, left);
    const auto positive = static_cast<unsigned>(_mm256_movemask_ps(up));
    const auto negative = static_cast<unsigned>(_mm256_movemask_ps(down));
    // 11 is positive, 10 negative: both have the upper bit, and the positive ones the lower.
    const unsigned pair = kUpperBits[positive | negative] | (kUpperBits[positive] >> 1U);
    portable::store_16(codes + i / 4, static_cast<std::uint16_t>(pair));
  }
  portable::to_twobit(g + end, residual + end, threshold, codes + end / 4, n - end);
}

GEOMX_AVX2 void add_twobit_avx2(const std::byte* codes, float threshold, float* sums, std::size_t n) {
  const std::size_t end = whole(n);
  const __m256 step = _mm256_set1_ps(threshold);
  const auto quad = portable::kTwobitValues.data();
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m128 first = _mm_loadu_ps(quad[std::to_integer<std::size_t>(codes[i / 4])].data());
    const __m128 second = _mm_loadu_ps(quad[std::to_integer<std::size_t>(codes[i / 4 + 1])].data());
    const __m256 units = _mm256_insertf128_ps(_mm256_castps128_ps256(first), second, 1);
    _mm256_storeu_ps(sums + i, _mm256_add_ps(_mm256_loadu_ps(sums + i), _mm256_mul_ps(step, units)));
  }
  portable::add_twobit(codes + end / 4, threshold, sums + end, n - end);
}

GEOMX_AVX2 void add_float_avx2(const std::byte* message, float* sums, std::size_t n) {
  const std::size_t end = whole(n);
  for (std::size_t i = 0; i < end; i += kLanes) {
    const __m256 value = _mm256_loadu_ps(reinterpret_cast<const float*>(message + sizeof(float) * i));
    _mm256_storeu_ps(sums + i, _mm256_add_ps(_mm256_loadu_ps(sums + i), value));
  }
  portable_kernels().add_float(message + sizeof(float) * end, sums + end, n - end);
}

constexpr Kernels kAvx2{
    .name = "avx2",
    .to_half = to_half_avx2,
    .to_bfloat = to_bfloat_avx2,
    .from_half = from_half_avx2,
    .from_bfloat = from_bfloat_avx2,
    .add_half = add_half_avx2,
    .add_bfloat = add_bfloat_avx2,
    .add_float = add_float_avx2,
    .find = find_avx2,
    .accumulate = accumulate_avx2,
    .accumulate_with_momentum = accumulate_with_momentum_avx2,
    .to_twobit = to_twobit_avx2,
    .add_twobit = add_twobit_avx2,
};

// AVX2 includes the system's support of its registers; clang 14 does not know F16C by name.
bool supported() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx2") != 0 && __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

}  // namespace

const Kernels* avx2_kernels() {
  static const bool has_them = supported();
  return has_them ? &kAvx2 : nullptr;
}

}  // namespace geomx::ps

#else

namespace geomx::ps {

const Kernels* avx2_kernels() {
  return nullptr;
}

}  // namespace geomx::ps

#endif
