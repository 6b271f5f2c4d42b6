#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

// The loops over whole slices, once in portable C++ and once with AVX2 and F16C; both compute the same bits. Arrays of
// floats are aligned to 4 bytes, messages to nothing.
namespace geomx::ps {

// The magnitude of a float as an integer: orders floats by |value|, infinity above all numbers, NaN above infinity.
inline std::uint32_t magnitude_of(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7fffffffu;
}

struct Kernels {
  const char* name;

  // message = values, in 16 bits each (half.h)
  void (*to_half)(const float* values, std::byte* message, std::size_t n);
  void (*to_bfloat)(const float* values, std::byte* message, std::size_t n);
  // values = message, and sums += message
  void (*from_half)(const std::byte* message, float* values, std::size_t n);
  void (*from_bfloat)(const std::byte* message, float* values, std::size_t n);
  void (*add_half)(const std::byte* message, float* sums, std::size_t n);
  void (*add_bfloat)(const std::byte* message, float* sums, std::size_t n);
  void (*add_float)(const std::byte* message, float* sums, std::size_t n);

  // Where magnitude_of(values[i]) >= least: writes those i, ascending, to `found` (room for n), and returns how many.
  std::size_t (*find)(const float* values, std::size_t n, std::uint32_t least, std::uint32_t* found);
  // v += g, and finds in v as above.
  std::size_t (*accumulate)(const float* g, float* v, std::size_t n, std::uint32_t least, std::uint32_t* found);
  // u = momentum*u + g; v += u, and finds in v as above.
  std::size_t (*accumulate_with_momentum)(const float* g, float* u, float* v, float momentum, std::size_t n,
                                          std::uint32_t least, std::uint32_t* found);

  // Two-bit codes of residual + g, (n + 3) / 4 bytes, and what they leave in the residual (twobit.h).
  void (*to_twobit)(const float* g, float* residual, float threshold, std::byte* codes, std::size_t n);
  void (*add_twobit)(const std::byte* codes, float threshold, float* sums, std::size_t n);
};

const Kernels& portable_kernels();
const Kernels* avx2_kernels();  // nullptr where this processor, or this build, has none
const Kernels& kernels();       // the fastest that this processor has

// Codes that two-bit values have: positive is 11, negative 10, zero 00; 01 is none.
inline constexpr std::uint8_t kTwobitPositive = 3;
inline constexpr std::uint8_t kTwobitNegative = 2;

}  // namespace geomx::ps
