#pragma once

#include "trainer/cuda/element.h"

// Kernels that copy from one layout to another. Inside, images are NHWC and convolution weights OHWI; at the boundary
// both have their channels first. `spots` are positions in an image, or in a filter.
namespace geomx::trainer::cuda {

// {blocks, rows, columns} to {blocks, columns, rows}; one call per element of the result.
template <typename From, typename To>
struct Transpose {
  const From* in;
  To* out;
  Index rows;
  Index columns;
  GEOMX_KERNEL void operator()(Index i) const {
    const Index row = i % rows;
    const Index column = i / rows % columns;
    const Index block = i / rows / columns;
    out[i] = from_float<To>(to_float(in[(block * rows + row) * columns + column]));
  }
};

// Attention's {samples, positions, parts, heads, width} to {parts, samples, heads, positions, width}.
template <typename T>
struct SplitHeads {
  const T* in;
  T* out;
  Index samples, positions, parts, heads, width;
  GEOMX_KERNEL void operator()(Index i) const {
    const Index w = i % width;
    const Index position = i / width % positions;
    const Index head = i / width / positions % heads;
    const Index sample = i / width / positions / heads % samples;
    const Index part = i / width / positions / heads / samples;
    out[i] = in[(((sample * positions + position) * parts + part) * heads + head) * width + w];
  }
};

// And back.
template <typename T>
struct MergeHeads {
  const T* in;
  T* out;
  Index samples, positions, parts, heads, width;
  GEOMX_KERNEL void operator()(Index i) const {
    const Index w = i % width;
    const Index head = i / width % heads;
    const Index part = i / width / heads % parts;
    const Index position = i / width / heads / parts % positions;
    const Index sample = i / width / heads / parts / positions;
    out[i] = in[(((part * samples + sample) * heads + head) * positions + position) * width + w];
  }
};

}  // namespace geomx::trainer::cuda
