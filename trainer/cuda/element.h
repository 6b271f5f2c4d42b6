#pragma once

#include <cstdint>
#include <cstring>

// What kernels are written in. Each kernel is a functor that computes one element, one row or one term of a sum; a
// machine runs it for all of them: a card on its threads (cuda_machine.cuh), a test one after the other on the host
// (tests/support/host_machine.h). So a kernel's arithmetic is tested where there is no card.
#if defined(__CUDACC__)
#define GEOMX_KERNEL __host__ __device__
#else
#define GEOMX_KERNEL
#endif

namespace geomx::trainer::cuda {

// Of an element in its tensor. 32 bits, as dividing 64 is slow on a card; the program's builder refuses larger ones.
using Index = std::uint32_t;

// The upper half of a float: 8 bits of exponent, 7 of mantissa.
struct Bf16 {
  std::uint16_t bits;
};

GEOMX_KERNEL inline float to_float(float x) {
  return x;
}
GEOMX_KERNEL inline float to_float(Bf16 x) {
  const std::uint32_t bits = std::uint32_t{x.bits} << 16;
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

// Rounded to the nearest, ties to even; a NaN stays one.
template <typename T>
GEOMX_KERNEL T from_float(float x);
template <>
GEOMX_KERNEL inline float from_float<float>(float x) {
  return x;
}
template <>
GEOMX_KERNEL inline Bf16 from_float<Bf16>(float x) {
  std::uint32_t bits = 0;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return {static_cast<std::uint16_t>(bits >> 16 | 0x40u)};
  return {static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16)};
}

// W neighbours, read and written at once.
template <typename T, int W>
struct alignas(W * sizeof(T)) Pack {
  T at[W];
};
// As many as a thread moves at best: 16 bytes.
template <typename T>
inline constexpr int kWidth = 16 / sizeof(T);

template <typename T, int W>
GEOMX_KERNEL const Pack<T, W>& pack(const T* x, Index i) {
  return *reinterpret_cast<const Pack<T, W>*>(x + static_cast<std::size_t>(i) * W);
}
template <typename T, int W>
GEOMX_KERNEL Pack<T, W>& pack(T* x, Index i) {
  return *reinterpret_cast<Pack<T, W>*>(x + static_cast<std::size_t>(i) * W);
}

// Those that share a row: a warp or a block on a card, one alone on the host. Each takes the elements lane(), lane() +
// size(), ...; sum() and max() are over all of them, and every one gets the result.
struct Alone {
  GEOMX_KERNEL static Index lane() { return 0; }
  GEOMX_KERNEL static Index size() { return 1; }
  GEOMX_KERNEL static float sum(float x) { return x; }
  GEOMX_KERNEL static float max(float x) { return x; }
};

}  // namespace geomx::trainer::cuda
