#pragma once

#include <array>
#include <cstring>

#include "ps/codec/half.h"
#include "ps/codec/kernels.h"

// The portable loops, for any n: they are the portable kernels, and they do what the vector kernels leave over.
namespace geomx::ps::portable {

inline std::uint16_t load_16(const std::byte* from) {
  std::uint16_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline void store_16(std::byte* to, std::uint16_t value) {
  std::memcpy(to, &value, sizeof value);
}

template <std::uint16_t (*convert)(float)>
inline void to_16(const float* values, std::byte* message, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) store_16(message + 2 * i, convert(values[i]));
}
template <float (*convert)(std::uint16_t)>
inline void from_16(const std::byte* message, float* values, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) values[i] = convert(load_16(message + 2 * i));
}
template <float (*convert)(std::uint16_t)>
inline void add_16(const std::byte* message, float* sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += convert(load_16(message + 2 * i));
}

// The loops that find take the range [from, n), `count` finds being there already.
inline std::size_t find(const float* values, std::size_t from, std::size_t n, std::uint32_t least, std::uint32_t* found,
                        std::size_t count) {
  for (std::size_t i = from; i < n; ++i) {
    found[count] = static_cast<std::uint32_t>(i);  // count <= i: there is room
    count += magnitude_of(values[i]) >= least ? 1 : 0;
  }
  return count;
}
inline std::size_t accumulate(const float* g, float* v, std::size_t from, std::size_t n, std::uint32_t least,
                              std::uint32_t* found, std::size_t count) {
  for (std::size_t i = from; i < n; ++i) {
    v[i] += g[i];
    found[count] = static_cast<std::uint32_t>(i);
    count += magnitude_of(v[i]) >= least ? 1 : 0;
  }
  return count;
}
inline std::size_t accumulate_with_momentum(const float* g, float* u, float* v, float momentum, std::size_t from,
                                            std::size_t n, std::uint32_t least, std::uint32_t* found,
                                            std::size_t count) {
  for (std::size_t i = from; i < n; ++i) {
    u[i] = momentum * u[i] + g[i];
    v[i] += u[i];
    found[count] = static_cast<std::uint32_t>(i);
    count += magnitude_of(v[i]) >= least ? 1 : 0;
  }
  return count;
}

inline void to_twobit(const float* g, float* residual, float threshold, std::byte* codes, std::size_t n) {
  for (std::size_t first = 0; first < n; first += 4) {
    unsigned byte = 0;
    for (std::size_t j = 0; j < 4 && first + j < n; ++j) {
      const float wanted = residual[first + j] + g[first + j];
      const bool positive = wanted >= threshold;
      const bool negative = wanted <= -threshold;
      // Both terms always: -0.0 - 0 + 0 is 0.0, here and in the vector kernel.
      residual[first + j] = wanted - (positive ? threshold : 0.0F) + (negative ? threshold : 0.0F);
      const unsigned code = positive ? kTwobitPositive : negative ? kTwobitNegative : 0U;
      byte |= code << (6 - 2 * j);
    }
    codes[first / 4] = static_cast<std::byte>(byte);
  }
}

using Quad = std::array<float, 4>;
// For each byte of codes, the four values in units of the threshold.
inline constexpr auto kTwobitValues = [] {
  std::array<Quad, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    for (std::size_t j = 0; j < 4; ++j) {
      const std::size_t code = (byte >> (6 - 2 * j)) & 3;
      table[byte][j] = code == kTwobitPositive ? 1.0F : code == kTwobitNegative ? -1.0F : 0.0F;
    }
  }
  return table;
}();

inline void add_twobit(const std::byte* codes, float threshold, float* sums, std::size_t n) {
  const std::size_t whole = n / 4;
  for (std::size_t byte = 0; byte < whole; ++byte) {
    const Quad& units = kTwobitValues[std::to_integer<std::size_t>(codes[byte])];
    for (std::size_t j = 0; j < 4; ++j) sums[4 * byte + j] += threshold * units[j];
  }
  for (std::size_t i = 4 * whole; i < n; ++i) {
    sums[i] += threshold * kTwobitValues[std::to_integer<std::size_t>(codes[whole])][i - 4 * whole];
  }
}

}  // namespace geomx::ps::portable
