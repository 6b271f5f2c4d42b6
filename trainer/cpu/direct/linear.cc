#include "trainer/cpu/direct/linear.h"

#include <algorithm>

#include "trainer/cpu/direct/parallel.h"

namespace geomx::trainer::direct {

std::optional<LinearPlan> LinearPlan::make(long rows, long length, long columns, int threads) {
  return make(rows, length, columns, threads, avx512_kernels());
}

std::optional<LinearPlan> LinearPlan::make(long rows, long length, long columns, int threads, const Kernels* kernels) {
  const bool fits =
      kernels != nullptr && threads >= 1 && rows >= 1 && columns >= 1 && length >= kBlock && length % kBlock == 0;
  if (!fits) return std::nullopt;
  return LinearPlan(rows, length, columns, threads, kernels);
}

void LinearPlan::forward(const float* source, const float* weights, const float* bias, bool relu, float* output) const {
  // Whole cache lines of the output for each thread.
  const long each = ((columns_ + threads_ - 1) / threads_ + kBlock - 1) / kBlock * kBlock;
  parallel_for(threads_, threads_, [&](long part) {
    const long first = std::min(part * each, columns_);
    const long last = std::min(first + each, columns_);
    if (first < last) {
      kernels_->linear(rows_, length_, source, weights, bias, relu, output, columns_, first, last);
    }
  });
}

}  // namespace geomx::trainer::direct
