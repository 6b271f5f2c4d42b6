#pragma once

#include <cmath>

#include "trainer/cuda/element.h"
#include "trainer/tensor/dropout.h"

// Kernels that make each element of a result out of the same element of one or two arguments. `i` counts packs of W
// elements; W divides the channels where there are any. Results may lie where an argument did.
namespace geomx::trainer::cuda {

struct Relu {
  GEOMX_KERNEL float operator()(float x) const { return x > 0 ? x : 0; }
};
// x Phi(x).
struct Gelu {
  GEOMX_KERNEL float operator()(float x) const { return 0.5f * x * (1 + erff(x * 0.70710678f)); }
};
struct Sum {
  GEOMX_KERNEL float operator()(float a, float b) const { return a + b; }
};
struct SumRelu {
  GEOMX_KERNEL float operator()(float a, float b) const { return a + b > 0 ? a + b : 0; }
};
// The gradient before a ReLU out of the one after it and the ReLU's output.
struct ReluBackward {
  GEOMX_KERNEL float operator()(float gradient, float output) const { return output > 0 ? gradient : 0; }
};
// The same of Gelu out of its input.
struct GeluBackward {
  GEOMX_KERNEL float operator()(float gradient, float x) const {
    const float phi = 0.5f * (1 + erff(x * 0.70710678f));
    return gradient * (phi + x * 0.39894228f * expf(-0.5f * x * x));
  }
};

template <typename T, typename F>
struct Map {
  const T* in;
  T* out;
  F f;
  GEOMX_KERNEL void operator()(Index i) const {
    const auto x = pack<T, kWidth<T>>(in, i);
    Pack<T, kWidth<T>> y;
    for (int j = 0; j < kWidth<T>; ++j) y.at[j] = from_float<T>(f(to_float(x.at[j])));
    pack<T, kWidth<T>>(out, i) = y;
  }
};

template <typename T, typename F>
struct Map2 {
  const T* first;
  const T* second;
  T* out;
  F f;
  GEOMX_KERNEL void operator()(Index i) const {
    const auto a = pack<T, kWidth<T>>(first, i);
    const auto b = pack<T, kWidth<T>>(second, i);
    Pack<T, kWidth<T>> y;
    for (int j = 0; j < kWidth<T>; ++j) y.at[j] = from_float<T>(f(to_float(a.at[j]), to_float(b.at[j])));
    pack<T, kWidth<T>>(out, i) = y;
  }
};

// Channels last: out = in + bias[channel], then ReLU where asked.
template <typename T, int W>
struct AddBias {
  const T* in;
  const float* bias;
  T* out;
  Index channels;
  bool relu;
  GEOMX_KERNEL void operator()(Index i) const {
    const auto x = pack<T, W>(in, i);
    const Index channel = i * W % channels;
    Pack<T, W> y;
    for (int j = 0; j < W; ++j) {
      const float sum = to_float(x.at[j]) + bias[channel + j];
      y.at[j] = from_float<T>(relu && !(sum > 0) ? 0 : sum);
    }
    pack<T, W>(out, i) = y;
  }
};

// The gradient goes through the same, as the step is the same. keys[node] is made of (seed, step, node) before each
// step, and elements are counted with their channels first: all backends drop the same (trainer/tensor/dropout.h).
template <typename T>
struct Drop {
  const T* in;
  T* out;
  const DropoutKey* keys;
  Index node;
  std::uint32_t threshold;
  float scale;
  Index spots, channels;
  GEOMX_KERNEL void operator()(Index i) const {
    const auto x = pack<T, kWidth<T>>(in, i);
    Pack<T, kWidth<T>> y;
    for (int j = 0; j < kWidth<T>; ++j) {
      const Index here = i * kWidth<T> + static_cast<Index>(j);
      const Index sample = here / channels / spots;
      const Index element = (sample * channels + here % channels) * spots + here / channels % spots;
      const bool kept = dropout_draw(keys[node], element) >= threshold;
      y.at[j] = from_float<T>(kept ? to_float(x.at[j]) * scale : 0);
    }
    pack<T, kWidth<T>>(out, i) = y;
  }
};

}  // namespace geomx::trainer::cuda
