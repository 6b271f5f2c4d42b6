#pragma once

#include <cmath>

#include "trainer/cuda/element.h"

// Kernels of the softmax cross-entropy loss.
namespace geomx::trainer::cuda {

// What a pass over a batch leaves. `counted` of its labels were asked for: a batch may be filled up.
struct Result {
  double loss;  // the sum over them of -log softmax(logits)[label]
  std::uint32_t correct;
  std::uint32_t padding;
};

// A row of {labels, classes}. `gradient` null: not wanted; else that of the mean loss over all `labels`.
template <typename T>
struct CrossEntropy {
  const T* logits;
  const std::int32_t* label_of;
  T* gradient;
  float* losses;  // {labels, 2}: the loss, and 1 where the first of the largest logits is the label's
  Index labels, classes;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index row) const {
    const T* x = logits + static_cast<std::size_t>(row) * classes;
    const auto label = static_cast<Index>(label_of[row]);
    float largest = -INFINITY;
    for (Index k = team.lane(); k < classes; k += team.size()) largest = fmaxf(largest, to_float(x[k]));
    largest = team.max(largest);
    float sum = 0;
    float before = 0;  // of the largest logits, those at a class before the label's
    for (Index k = team.lane(); k < classes; k += team.size()) {
      sum += expf(to_float(x[k]) - largest);
      if (k < label && to_float(x[k]) == largest) before += 1;
    }
    sum = team.sum(sum);
    before = team.sum(before);
    if (team.lane() == 0) {
      const float own = to_float(x[label]);
      losses[2 * row] = logf(sum) - (own - largest);
      losses[2 * row + 1] = own == largest && before == 0 ? 1 : 0;
    }
    if (gradient == nullptr) return;
    const float share = 1 / static_cast<float>(labels);
    for (Index k = team.lane(); k < classes; k += team.size()) {
      const float p = expf(to_float(x[k]) - largest) / sum;
      gradient[static_cast<std::size_t>(row) * classes + k] = from_float<T>((p - (k == label ? 1 : 0)) * share);
    }
  }
};

// One row: the sums over the first `*counted`.
struct SumLosses {
  const float* losses;
  const std::uint64_t* counted;
  Result* result;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index) const {
    float loss = 0, correct = 0;  // counts below 2^24 are exact
    for (std::uint64_t row = team.lane(); row < *counted; row += team.size()) {
      loss += losses[2 * row];
      correct += losses[2 * row + 1];
    }
    loss = team.sum(loss);
    correct = team.sum(correct);
    if (team.lane() == 0) *result = {loss, static_cast<std::uint32_t>(correct), 0};
  }
};

}  // namespace geomx::trainer::cuda
