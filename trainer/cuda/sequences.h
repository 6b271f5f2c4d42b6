#pragma once

#include <cmath>

#include "trainer/cuda/element.h"

// Kernels of embeddings and of attention's softmax.
namespace geomx::trainer::cuda {

// Tokens are whole numbers held in floats; one outside the vocabulary counts as the last, lest memory of others is read
// (data sets are checked when they are loaded).
GEOMX_KERNEL inline Index token_of(float held, Index vocabulary) {
  const auto token = static_cast<Index>(held > 0 ? held : 0);
  return token < vocabulary ? token : vocabulary - 1;
}

template <typename T>
struct EmbeddingForward {
  const float* tokens;
  const float* weight;
  const float* position;  // null: none
  T* out;
  Index positions, vocabulary, width;
  GEOMX_KERNEL void operator()(Index i) const {
    const Index where = i / width;
    float value = weight[token_of(tokens[where], vocabulary) * width + i % width];
    if (position != nullptr) value += position[where % positions * width + i % width];
    out[i] = from_float<T>(value);
  }
};

// One row is one of the vocabulary: it looks for itself among the batch's tokens, so that sums have one order and no
// two threads write to one place.
template <typename T>
struct EmbeddingGradient {
  const float* tokens;
  const T* gradient;
  float* out;
  Index count;  // tokens in the batch
  Index vocabulary, width;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index row) const {
    for (Index w = team.lane(); w < width; w += team.size()) {
      float sum = 0;
      for (Index i = 0; i < count; ++i) {
        if (token_of(tokens[i], vocabulary) == row) sum += to_float(gradient[i * width + w]);
      }
      out[row * width + w] = sum;
    }
  }
};

// Rows of {samples * heads * positions, positions}, in place: a row is one query's scores of all keys. `causal`: keys
// after it get none.
template <typename T>
struct SoftmaxForward {
  const T* in;
  T* out;
  Index positions;
  bool causal;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index row) const {
    const Index seen = causal ? row % positions + 1 : positions;
    const T* x = in + static_cast<std::size_t>(row) * positions;
    T* y = out + static_cast<std::size_t>(row) * positions;
    float largest = -INFINITY;
    for (Index k = team.lane(); k < seen; k += team.size()) largest = fmaxf(largest, to_float(x[k]));
    largest = team.max(largest);
    float sum = 0;
    for (Index k = team.lane(); k < seen; k += team.size()) sum += expf(to_float(x[k]) - largest);
    sum = team.sum(sum);
    for (Index k = team.lane(); k < positions; k += team.size()) {
      y[k] = from_float<T>(k < seen ? expf(to_float(x[k]) - largest) / sum : 0);
    }
  }
};

// The gradient of the scores out of that of the shares and the shares.
template <typename T>
struct SoftmaxBackward {
  const T* gradient;
  const T* output;
  T* out;
  Index positions;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index row) const {
    const std::size_t begin = static_cast<std::size_t>(row) * positions;
    float sum = 0;
    for (Index k = team.lane(); k < positions; k += team.size()) {
      sum += to_float(gradient[begin + k]) * to_float(output[begin + k]);
    }
    sum = team.sum(sum);
    for (Index k = team.lane(); k < positions; k += team.size()) {
      out[begin + k] = from_float<T>(to_float(output[begin + k]) * (to_float(gradient[begin + k]) - sum));
    }
  }
};

}  // namespace geomx::trainer::cuda
