// The kernels for AVX2 and FMA: 16 registers of 8 floats. Compiled with these sets' options, and for nothing else.
#include "trainer/cpu/direct/kernels.h"

#if defined(__AVX2__) && defined(__FMA__)

namespace geomx::trainer::direct {
namespace {

constexpr int kLanes = 8;
using Floats = float __attribute__((vector_size(32)));
using UnalignedFloats = float __attribute__((vector_size(32), aligned(4), may_alias));
using Integers = int __attribute__((vector_size(32)));
using Bytes = std::uint8_t __attribute__((vector_size(8), aligned(1), may_alias));

template <int Value>
struct Count {
  static constexpr int value = Value;
};

// Two rows of 2 pixels and 16 channels: 8 registers of sums.
constexpr int kHiddenVectors = 2;
constexpr int kHiddenWindows = 1;
constexpr int kPlaneVectors = 2;
constexpr int kPlaneWindows = 1;
constexpr int kKernelRows = 2;  // 10 registers

#include "trainer/cpu/direct/forward_kernel.h"

// One register holds eight pixels of a row; the upper or the lower one is chosen afterwards.
template <int Kernel, int First, int Last>
inline void pick_rows(const float* patch, long row, Integers winner, Floats gradient,
                      Floats (&sums)[Last - First][Kernel]) {
  const Integers index = winner & 1;
  const auto is_lower = winner >= 2;
#pragma GCC unroll 8
  for (int c = 0; c < Kernel; ++c) {
    Floats upper = __builtin_shuffle(load(patch + First * row), index + c);
#pragma GCC unroll 8
    for (int r = First; r < Last; ++r) {
      const Floats lower = __builtin_shuffle(load(patch + (r + 1) * row), index + c);
      sums[r - First][c] += gradient * (is_lower ? lower : upper);
      upper = lower;
    }
  }
}

#include "trainer/cpu/direct/backward_kernel.h"
#include "trainer/cpu/direct/linear_kernel.h"

constexpr Kernels kKernels{"avx2", &forward, &plane_weights, &list_weights, &list_images, &linear};

}  // namespace

const Kernels* avx2_kernels() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kKernels : nullptr;
}

}  // namespace geomx::trainer::direct

#else

const geomx::trainer::direct::Kernels* geomx::trainer::direct::avx2_kernels() {
  return nullptr;
}

#endif
