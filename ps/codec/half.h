#pragma once

#include <bit>
#include <cstdint>

// 16-bit floats, one at a time, by integer arithmetic: what the vector instructions (kernels.h) must agree with bit for
// bit. Rounding is to the nearest, ties to even; denormals are kept, what is too large becomes infinity, and a NaN
// keeps its sign and upper bits and becomes quiet.
namespace geomx::ps {

// IEEE 754 binary16: 5 bits of exponent, 10 of fraction. Exact from 2^-24 (6e-8) on, largest 65504.
inline std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u | ((magnitude >> 13) & 0x3ffu));
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // from half a unit above 65504 on
  if (magnitude < 0x38800000u) {                        // below 2^-14: a denormal, or zero
    // 0.5 has a unit of 2^-24, that of binary16's denormals: the addition rounds to it as the processor rounds.
    const auto rounded = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F);
    return static_cast<std::uint16_t>(sign | (rounded - 0x3f000000u));
  }
  // 112: between the exponents' biases. A carry out of the fraction goes into the exponent, as it should.
  const std::uint32_t odd = (magnitude >> 13) & 1u;
  return static_cast<std::uint16_t>(sign | ((magnitude - (112u << 23) + 0xfffu + odd) >> 13));
}

inline float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const std::uint32_t magnitude = half & 0x7fffu;
  if (magnitude > 0x7c00u) return std::bit_cast<float>(sign | 0x7fc00000u | (magnitude << 13));
  if (magnitude == 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u);
  if (magnitude < 0x400u) {  // a denormal: so many times 2^-24
    const float value = static_cast<float>(magnitude) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + (112u << 23)));
}

// bfloat16: the exponent of binary32, 7 bits of fraction.
inline std::uint16_t to_bfloat(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float from_bfloat(std::uint16_t bfloat) {
  const auto bits = static_cast<std::uint32_t>(bfloat) << 16;
  return std::bit_cast<float>(bits);
}

}  // namespace geomx::ps
