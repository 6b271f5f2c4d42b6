#pragma once

#include <optional>

#include "trainer/cpu/direct/kernels.h"

namespace geomx::trainer::direct {

// A fully connected layer, forwards: output {rows, columns} = source {rows, length} times the transpose of weights
// {columns, length}, plus bias, and a ReLU where it is wanted. Both factors are read along their rows as they lie, so
// nothing is packed, which for few rows takes a general matrix product as long as the product itself. The same input
// gives the same bits, whatever the number of threads (OpenMP's). Allocates nothing. Threading: calls may run side by
// side.
class LinearPlan {
 public:
  // Nothing where this processor or this shape has no kernel: length must be a multiple of 16, and the processor have
  // AVX-512, for with half the registers a general product is as fast.
  static std::optional<LinearPlan> make(long rows, long length, long columns, int threads);
  // With these kernels: for tests and benchmarks.
  static std::optional<LinearPlan> make(long rows, long length, long columns, int threads, const Kernels* kernels);

  // `bias` may be null.
  void forward(const float* source, const float* weights, const float* bias, bool relu, float* output) const;

 private:
  LinearPlan(long rows, long length, long columns, int threads, const Kernels* kernels)
      : rows_(rows), length_(length), columns_(columns), threads_(threads), kernels_(kernels) {}

  long rows_;
  long length_;
  long columns_;
  int threads_;
  const Kernels* kernels_;
};

}  // namespace geomx::trainer::direct
