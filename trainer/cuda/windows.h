#pragma once

#include "trainer/cuda/element.h"
#include "trainer/cuda/sums.h"

// Kernels of pooling and of grouped convolutions: windows that slide over NHWC images.
namespace geomx::trainer::cuda {

// Where windows lie. The padding is the same on all sides.
struct Windows {
  Index samples, channels;
  Index height, width;          // of what they slide over
  Index out_height, out_width;  // how many there are
  Index size, stride, padding;

  GEOMX_KERNEL Index inputs() const { return samples * height * width * channels; }
  GEOMX_KERNEL Index outputs() const { return samples * out_height * out_width * channels; }

  // Element `spot` of the window at (row, column), counted row by row: false where that is padding.
  GEOMX_KERNEL bool inside(Index row, Index column, Index spot, Index& y, Index& x) const {
    y = row * stride + spot / size - padding;  // wraps round where negative, and then is not below
    x = column * stride + spot % size - padding;
    return y < height && x < width;
  }

  // The window whose element `spot` is at (y, x): false where there is none.
  GEOMX_KERNEL bool covers(Index y, Index x, Index spot, Index& row, Index& column) const {
    const Index above = y + padding - spot / size;
    const Index left = x + padding - spot % size;
    row = above / stride;
    column = left / stride;
    return above % stride == 0 && left % stride == 0 && y + padding >= spot / size && x + padding >= spot % size &&
           row < out_height && column < out_width;
  }

  GEOMX_KERNEL Index elements_inside(Index row, Index column) const {
    Index count = 0, y = 0, x = 0;
    for (Index spot = 0; spot < size * size; ++spot) count += inside(row, column, spot, y, x) ? 1 : 0;
    return count;
  }
};

// One element of an image as {sample, y, x, channel}.
struct Place {
  Index sample, y, x, channel;
  GEOMX_KERNEL Place(Index i, Index height, Index width, Index channels)
      : sample(i / channels / width / height),
        y(i / channels / width % height),
        x(i / channels % width),
        channel(i % channels) {}
};

GEOMX_KERNEL inline Index at(Index sample, Index y, Index x, Index channel, Index height, Index width, Index channels) {
  return ((sample * height + y) * width + x) * channels + channel;
}

// `where` gets which of the window's elements is the largest, the first of equals; a NaN counts as one.
template <typename T>
struct MaxPoolForward {
  const T* in;
  T* out;
  std::uint16_t* where;  // null: not wanted
  Windows windows;
  GEOMX_KERNEL void operator()(Index i) const {
    const Windows& w = windows;
    const Place p(i, w.out_height, w.out_width, w.channels);
    float best = 0;
    Index best_spot = 0;
    bool found = false;
    for (Index spot = 0, y = 0, x = 0; spot < w.size * w.size; ++spot) {
      if (!w.inside(p.y, p.x, spot, y, x)) continue;
      const float value = to_float(in[at(p.sample, y, x, p.channel, w.height, w.width, w.channels)]);
      if (found && !(value > best) && value == value) continue;
      if (found && best != best) continue;
      best = value;
      best_spot = spot;
      found = true;
    }
    out[i] = from_float<T>(best);
    if (where != nullptr) where[i] = static_cast<std::uint16_t>(best_spot);
  }
};

// Each element of the image collects from the windows that it is the largest of: no two threads write to one place.
template <typename T>
struct MaxPoolBackward {
  const T* gradient;
  const std::uint16_t* where;
  T* out;
  Windows windows;
  GEOMX_KERNEL void operator()(Index i) const {
    const Windows& w = windows;
    const Place p(i, w.height, w.width, w.channels);
    float sum = 0;
    for (Index spot = 0, row = 0, column = 0; spot < w.size * w.size; ++spot) {
      if (!w.covers(p.y, p.x, spot, row, column)) continue;
      const Index window = at(p.sample, row, column, p.channel, w.out_height, w.out_width, w.channels);
      if (where[window] == spot) sum += to_float(gradient[window]);
    }
    out[i] = from_float<T>(sum);
  }
};

template <typename T>
struct AveragePoolForward {
  const T* in;
  T* out;
  Windows windows;
  GEOMX_KERNEL void operator()(Index i) const {
    const Windows& w = windows;
    const Place p(i, w.out_height, w.out_width, w.channels);
    float sum = 0;
    Index count = 0;
    for (Index spot = 0, y = 0, x = 0; spot < w.size * w.size; ++spot) {
      if (!w.inside(p.y, p.x, spot, y, x)) continue;
      sum += to_float(in[at(p.sample, y, x, p.channel, w.height, w.width, w.channels)]);
      ++count;
    }
    out[i] = from_float<T>(sum / static_cast<float>(count));
  }
};

template <typename T>
struct AveragePoolBackward {
  const T* gradient;
  T* out;
  Windows windows;
  GEOMX_KERNEL void operator()(Index i) const {
    const Windows& w = windows;
    const Place p(i, w.height, w.width, w.channels);
    float sum = 0;
    for (Index spot = 0, row = 0, column = 0; spot < w.size * w.size; ++spot) {
      if (!w.covers(p.y, p.x, spot, row, column)) continue;
      sum += to_float(gradient[at(p.sample, row, column, p.channel, w.out_height, w.out_width, w.channels)]) /
             static_cast<float>(w.elements_inside(row, column));
    }
    out[i] = from_float<T>(sum);
  }
};

// The mean over an image; one call per (sample, channel).
template <typename T>
struct GlobalPoolForward {
  const T* in;
  T* out;
  Index spots, channels;
  GEOMX_KERNEL void operator()(Index i) const {
    const Index sample = i / channels;
    float sum = 0;
    for (Index spot = 0; spot < spots; ++spot) sum += to_float(in[(sample * spots + spot) * channels + i % channels]);
    out[i] = from_float<T>(sum / static_cast<float>(spots));
  }
};

template <typename T>
struct GlobalPoolBackward {
  const T* gradient;
  T* out;
  Index spots, channels;
  GEOMX_KERNEL void operator()(Index i) const {
    const Index sample = i / channels / spots;
    out[i] = from_float<T>(to_float(gradient[sample * channels + i % channels]) / static_cast<float>(spots));
  }
};

// A convolution whose groups have few channels, depthwise ones before all, reads each value too seldom to be a matter
// of matrix products: it is bound by memory. Weights are OHWI, I being the inputs of one group.
struct Groups {
  Windows windows;  // of the inputs: `channels` are theirs
  Index outputs;    // channels, of all groups
  Index groups;
  GEOMX_KERNEL Index group_inputs() const { return windows.channels / groups; }
  GEOMX_KERNEL Index group_outputs() const { return outputs / groups; }
  GEOMX_KERNEL Index spots() const { return windows.size * windows.size; }
};

template <typename T>
struct GroupedForward {
  const T* in;
  const T* weight;
  T* out;
  Groups geometry;
  GEOMX_KERNEL void operator()(Index i) const {
    const Windows& w = geometry.windows;
    const Place p(i, w.out_height, w.out_width, geometry.outputs);
    const Index inputs = geometry.group_inputs();
    const Index first = p.channel / geometry.group_outputs() * inputs;
    float sum = 0;
    for (Index spot = 0, y = 0, x = 0; spot < geometry.spots(); ++spot) {
      if (!w.inside(p.y, p.x, spot, y, x)) continue;
      const T* from = in + at(p.sample, y, x, first, w.height, w.width, w.channels);
      const T* by = weight + (p.channel * geometry.spots() + spot) * inputs;
      for (Index c = 0; c < inputs; ++c) sum += to_float(from[c]) * to_float(by[c]);
    }
    out[i] = from_float<T>(sum);
  }
};

template <typename T>
struct GroupedBackwardData {
  const T* gradient;
  const T* weight;
  T* out;
  Groups geometry;
  GEOMX_KERNEL void operator()(Index i) const {
    const Windows& w = geometry.windows;
    const Place p(i, w.height, w.width, w.channels);
    const Index inputs = geometry.group_inputs();
    const Index outputs = geometry.group_outputs();
    const Index first = p.channel / inputs * outputs;
    float sum = 0;
    for (Index spot = 0, row = 0, column = 0; spot < geometry.spots(); ++spot) {
      if (!w.covers(p.y, p.x, spot, row, column)) continue;
      const T* from = gradient + at(p.sample, row, column, first, w.out_height, w.out_width, geometry.outputs);
      for (Index o = 0; o < outputs; ++o) {
        const Index by = ((first + o) * geometry.spots() + spot) * inputs + p.channel % inputs;
        sum += to_float(from[o]) * to_float(weight[by]);
      }
    }
    out[i] = from_float<T>(sum);
  }
};

// One term of a weight's gradient: `row` is a window, `column` counts {spot, output, input of its group}, so that
// neighbours read neighbours.
template <typename T>
struct GroupedWeightTerm {
  static constexpr int kSums = 1;
  const T* in;
  const T* gradient;
  Groups geometry;
  GEOMX_KERNEL void operator()(Index row, Index column, float (&sums)[kSums]) const {
    const Windows& w = geometry.windows;
    const Index inputs = geometry.group_inputs();
    const Index input = column % inputs;
    const Index output = column / inputs % geometry.outputs;
    const Place p(row, w.out_height, w.out_width, 1);
    Index y = 0, x = 0;
    if (!w.inside(p.y, p.x, column / inputs / geometry.outputs, y, x)) return;
    const Index channel = output / geometry.group_outputs() * inputs + input;
    sums[0] += to_float(in[at(p.sample, y, x, channel, w.height, w.width, w.channels)]) *
               to_float(gradient[row * geometry.outputs + output]);
  }
};

// The sum of the slices' sums, to where the canonical OIHW has it.
struct GroupedWeightFinish {
  const float* partial;  // {slices, columns}
  float* out;
  Groups geometry;
  Index slices;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index column) const {
    const Index inputs = geometry.group_inputs();
    const Index input = column % inputs;
    const Index output = column / inputs % geometry.outputs;
    const Index spot = column / inputs / geometry.outputs;
    const Index columns = geometry.spots() * geometry.outputs * inputs;
    const float sum = sum_of_slices(team, partial + column, slices, columns);
    if (team.lane() == 0) out[(output * inputs + input) * geometry.spots() + spot] = sum;
  }
};

}  // namespace geomx::trainer::cuda
