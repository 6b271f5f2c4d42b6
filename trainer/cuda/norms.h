#pragma once

#include <cmath>

#include "trainer/cuda/element.h"
#include "trainer/cuda/sums.h"

// Kernels of batch, group and layer norm over channels-last values. Statistics are pairs {mean, 1 / deviation}.
namespace geomx::trainer::cuda {

// --- Batch norm: {rows, channels}, rows being samples times spots.

// Of values less the first row's, lest the difference of two large numbers be all rounding.
template <typename T>
struct BatchTerm {
  static constexpr int kSums = 2;
  const T* in;
  Index channels;
  GEOMX_KERNEL void operator()(Index row, Index channel, float (&sums)[kSums]) const {
    const float x = to_float(in[row * channels + channel]) - to_float(in[channel]);
    sums[0] += x;
    sums[1] += x * x;
  }
};

template <typename T>
struct BatchFinish {
  const T* in;
  const float* partial;
  float* statistics;        // {channels, 2}
  float* running_mean;      // moved
  float* running_variance;  // moved towards the unbiased variance
  Index rows, channels, slices;
  float momentum, epsilon;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index channel) const {
    const double sum = sum_of_slices(team, partial + channel, slices, 2 * channels);
    const double squares = sum_of_slices(team, partial + channels + channel, slices, 2 * channels);
    if (team.lane() != 0) return;
    const double less = sum / rows;
    const double mean = to_float(in[channel]) + less;
    double variance = squares / rows - less * less;
    if (variance < 0) variance = 0;
    statistics[2 * channel] = static_cast<float>(mean);
    statistics[2 * channel + 1] = static_cast<float>(1 / sqrt(variance + epsilon));
    const double unbiased = rows > 1 ? variance * rows / (rows - 1) : variance;
    running_mean[channel] += momentum * (static_cast<float>(mean) - running_mean[channel]);
    running_variance[channel] += momentum * (static_cast<float>(unbiased) - running_variance[channel]);
  }
};

// What an evaluation uses instead.
struct RunningStatistics {
  const float* running_mean;
  const float* running_variance;
  float* statistics;
  float epsilon;
  GEOMX_KERNEL void operator()(Index channel) const {
    statistics[2 * channel] = running_mean[channel];
    statistics[2 * channel + 1] = 1 / sqrtf(running_variance[channel] + epsilon);
  }
};

template <typename T, int W>
struct BatchApply {
  const T* in;
  const float* statistics;
  const float* weight;
  const float* bias;
  T* out;
  Index channels;
  bool relu;
  GEOMX_KERNEL void operator()(Index i) const {
    const auto x = pack<T, W>(in, i);
    const Index first = i * W % channels;
    Pack<T, W> y;
    for (int j = 0; j < W; ++j) {
      const Index channel = first + static_cast<Index>(j);
      const float normal = (to_float(x.at[j]) - statistics[2 * channel]) * statistics[2 * channel + 1];
      const float value = normal * weight[channel] + bias[channel];
      y.at[j] = from_float<T>(relu && !(value > 0) ? 0 : value);
    }
    pack<T, W>(out, i) = y;
  }
};

// --- Backwards, all three norms. `output` is that of a ReLU after the norm, null where there is none.

// Which statistics an element of {rows, columns} has: each `rows_per_sample` rows and `columns / groups` columns share
// some. Batch norm has those of the column alone.
struct StatisticsOf {
  Index rows_per_sample, columns, groups;  // rows_per_sample 0: batch norm
  GEOMX_KERNEL Index operator()(Index row, Index column) const {
    if (rows_per_sample == 0) return column;
    return row / rows_per_sample * groups + column / (columns / groups);
  }
};

// Terms of the bias' and the weight's gradients.
template <typename T>
struct NormTerm {
  static constexpr int kSums = 2;
  const T* in;
  const T* gradient;
  const T* output;
  const float* statistics;
  StatisticsOf which;
  GEOMX_KERNEL void operator()(Index row, Index column, float (&sums)[kSums]) const {
    const Index i = row * which.columns + column;
    if (output != nullptr && !(to_float(output[i]) > 0)) return;
    const Index s = which(row, column);
    const float g = to_float(gradient[i]);
    sums[0] += g;
    sums[1] += g * (to_float(in[i]) - statistics[2 * s]) * statistics[2 * s + 1];
  }
};

template <typename T, int W>
struct BatchBackward {
  const T* in;
  const T* gradient;
  const T* output;
  const float* statistics;
  const float* weight;
  const float* bias_gradient;
  const float* weight_gradient;
  T* out;
  Index rows, channels;
  GEOMX_KERNEL void operator()(Index i) const {
    const auto x = pack<T, W>(in, i);
    const auto g = pack<T, W>(gradient, i);
    Pack<T, W> after = g;
    if (output != nullptr) after = pack<T, W>(output, i);
    const Index first = i * W % channels;
    const float share = 1 / static_cast<float>(rows);
    Pack<T, W> y;
    for (int j = 0; j < W; ++j) {
      const Index c = first + static_cast<Index>(j);
      const float deviation = statistics[2 * c + 1];
      const float normal = (to_float(x.at[j]) - statistics[2 * c]) * deviation;
      const float here = output != nullptr && !(to_float(after.at[j]) > 0) ? 0 : to_float(g.at[j]);
      y.at[j] = from_float<T>(weight[c] * deviation *
                              (here - bias_gradient[c] * share - normal * weight_gradient[c] * share));
    }
    pack<T, W>(out, i) = y;
  }
};

// --- Group norm; one row is (sample, group). Layer norm is one whose samples are positions, with one spot and group.
struct GroupShape {
  Index spots, channels, groups;
  GEOMX_KERNEL Index size() const { return spots * (channels / groups); }
  // Where element k of a row lies, and its channel.
  GEOMX_KERNEL Index channel(Index row, Index k) const {
    const Index width = channels / groups;
    return row % groups * width + k % width;
  }
  GEOMX_KERNEL Index place(Index row, Index k) const {
    return (row / groups * spots + k / (channels / groups)) * channels + channel(row, k);
  }
};

template <typename T>
struct GroupForward {
  const T* in;
  const float* weight;
  const float* bias;
  T* out;
  float* statistics;
  GroupShape shape;
  float epsilon;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index row) const {
    const Index size = shape.size();
    const auto count = static_cast<float>(size);
    float sum = 0;
    for (Index k = team.lane(); k < size; k += team.size()) sum += to_float(in[shape.place(row, k)]);
    const float mean = team.sum(sum) / count;
    float squares = 0;
    for (Index k = team.lane(); k < size; k += team.size()) {
      const float x = to_float(in[shape.place(row, k)]) - mean;
      squares += x * x;
    }
    const float scale = 1 / sqrtf(team.sum(squares) / count + epsilon);
    for (Index k = team.lane(); k < size; k += team.size()) {
      const Index i = shape.place(row, k);
      const Index channel = shape.channel(row, k);
      out[i] = from_float<T>((to_float(in[i]) - mean) * scale * weight[channel] + bias[channel]);
    }
    if (team.lane() == 0) {
      statistics[2 * row] = mean;
      statistics[2 * row + 1] = scale;
    }
  }
};

template <typename T>
struct GroupBackward {
  const T* in;
  const T* gradient;
  const float* statistics;
  const float* weight;
  T* out;
  GroupShape shape;
  template <typename Team>
  GEOMX_KERNEL void operator()(const Team& team, Index row) const {
    const Index size = shape.size();
    const auto count = static_cast<float>(size);
    const float mean = statistics[2 * row];
    const float scale = statistics[2 * row + 1];
    float sum = 0, with_normal = 0;
    for (Index k = team.lane(); k < size; k += team.size()) {
      const Index i = shape.place(row, k);
      const float g = to_float(gradient[i]) * weight[shape.channel(row, k)];
      sum += g;
      with_normal += g * (to_float(in[i]) - mean) * scale;
    }
    sum = team.sum(sum) / count;
    with_normal = team.sum(with_normal) / count;
    for (Index k = team.lane(); k < size; k += team.size()) {
      const Index i = shape.place(row, k);
      const float g = to_float(gradient[i]) * weight[shape.channel(row, k)];
      out[i] = from_float<T>(scale * (g - sum - (to_float(in[i]) - mean) * scale * with_normal));
    }
  }
};

}  // namespace geomx::trainer::cuda
