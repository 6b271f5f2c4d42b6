// The kernels for AVX-512: 32 registers of 16 floats. Compiled with that set's options, and for nothing else.
#include "trainer/cpu/direct/kernels.h"

#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512BW__) && defined(__AVX512DQ__)

namespace geomx::trainer::direct {
namespace {

constexpr int kLanes = 16;
using Floats = float __attribute__((vector_size(64)));
using UnalignedFloats = float __attribute__((vector_size(64), aligned(4), may_alias));
using Integers = int __attribute__((vector_size(64)));
using Bytes = std::uint8_t __attribute__((vector_size(16), aligned(1), may_alias));
using EightFloats = float __attribute__((vector_size(32), aligned(4), may_alias));

template <int Value>
struct Count {
  static constexpr int value = Value;
};

// Two rows of 4 (6) pixels and 32 (16) channels: 16 (24) registers of sums, each weight used 8 (12) times.
constexpr int kHiddenVectors = 2;
constexpr int kHiddenWindows = 2;
constexpr int kPlaneVectors = 1;
constexpr int kPlaneWindows = 4;
constexpr int kKernelRows = 5;  // 25 registers

#include "trainer/cpu/direct/forward_kernel.h"

// One register holds eight pixels of each of the two rows that a window's elements can start from.
template <int Kernel, int First, int Last>
inline void pick_rows(const float* patch, long row, Integers winner, Floats gradient,
                      Floats (&sums)[Last - First][Kernel]) {
  const Integers index = (winner >> 1) * 8 + (winner & 1);
#pragma GCC unroll 8
  for (int r = First; r < Last; ++r) {
    const EightFloats upper = *reinterpret_cast<const EightFloats*>(patch + r * row);
    const EightFloats lower = *reinterpret_cast<const EightFloats*>(patch + (r + 1) * row);
    const Floats both = __builtin_shufflevector(upper, lower, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#pragma GCC unroll 8
    for (int c = 0; c < Kernel; ++c) sums[r - First][c] += gradient * __builtin_shuffle(both, index + c);
  }
}

#include "trainer/cpu/direct/backward_kernel.h"
#include "trainer/cpu/direct/linear_kernel.h"

constexpr Kernels kKernels{"avx512", &forward, &plane_weights, &list_weights, &list_images, &linear};

}  // namespace

const Kernels* avx512_kernels() {
  const bool here = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  return here ? &kKernels : nullptr;
}

}  // namespace geomx::trainer::direct

#else

const geomx::trainer::direct::Kernels* geomx::trainer::direct::avx512_kernels() {
  return nullptr;
}

#endif
