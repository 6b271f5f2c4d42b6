#include <cmath>

#include "trainer/cpu/direct/parallel.h"
#include "trainer/cpu/ops/layer.h"

namespace geomx::trainer {
namespace {

// What a group's elements add up to. Doubles, because a mean over many floats is wanted, and several accumulators,
// because one would wait for itself.
template <typename Term>
double sum(long count, const Term& term) {
  constexpr long kLanes = 8;
  double lanes[kLanes] = {};
  long i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (long lane = 0; lane < kLanes; ++lane) lanes[lane] += static_cast<double>(term(i + lane));
  }
  double total = 0;
  for (const double lane : lanes) total += lane;
  for (; i < count; ++i) total += static_cast<double>(term(i));
  return total;
}

struct Sizes {
  long batch = 0;
  long channels = 0;
  long groups = 0;
  long pixels = 0;
  long per_group() const { return channels / groups; }
};

// x^ = (x - mean) / deviation per sample and group, y = weight x^ + bias per channel. Keeps both statistics.
void normalise(const Sizes& s, double epsilon, const float* x, const float* weight, const float* bias, float* y,
               float* statistics) {
  const long size = s.per_group() * s.pixels;
  direct::parallel_for(s.batch * s.groups, [&](long at) {
    const float* in = x + at * size;
    const double mean = sum(size, [&](long i) { return in[i]; }) / static_cast<double>(size);
    const auto center = static_cast<float>(mean);
    const double variance =
        sum(size, [&](long i) { return (in[i] - center) * (in[i] - center); }) / static_cast<double>(size);
    const auto inverse = static_cast<float>(1 / std::sqrt(variance + epsilon));
    statistics[2 * at] = center;
    statistics[2 * at + 1] = inverse;
    for (long k = 0; k < s.per_group(); ++k) {
      const long channel = at % s.groups * s.per_group() + k;
      const float scale = inverse * weight[channel];
      const float shift = bias[channel] - center * scale;
      const float* from = in + k * s.pixels;
      float* to = y + at * size + k * s.pixels;
      for (long p = 0; p < s.pixels; ++p) to[p] = from[p] * scale + shift;
    }
  });
}

// dx = (weight dy - mean(weight dy) - x^ mean(weight dy x^)) / deviation. `sums`, {batch, channels, 2}, gets those of
// dy and dy x^ over the pixels.
void normalise_backward(const Sizes& s, const float* x, const float* dy, const float* weight, const float* statistics,
                        float* dx, float* sums) {
  const long size = s.per_group() * s.pixels;
  direct::parallel_for(s.batch * s.groups, [&](long at) {
    const float center = statistics[2 * at];
    const float inverse = statistics[2 * at + 1];
    double all = 0;
    double along = 0;
    for (long k = 0; k < s.per_group(); ++k) {
      const long channel = at % s.groups * s.per_group() + k;
      const float* in = x + at * size + k * s.pixels;
      const float* out = dy + at * size + k * s.pixels;
      const double of_dy = sum(s.pixels, [&](long p) { return out[p]; });
      const double of_product = sum(s.pixels, [&](long p) { return out[p] * ((in[p] - center) * inverse); });
      float* here = sums + 2 * (at / s.groups * s.channels + channel);
      here[0] = static_cast<float>(of_dy);
      here[1] = static_cast<float>(of_product);
      all += static_cast<double>(weight[channel]) * of_dy;
      along += static_cast<double>(weight[channel]) * of_product;
    }
    const auto mean = static_cast<float>(all / static_cast<double>(size));
    const auto slope = static_cast<float>(along / static_cast<double>(size));
    for (long k = 0; k < s.per_group(); ++k) {
      const float scale = weight[at % s.groups * s.per_group() + k];
      const long offset = at * size + k * s.pixels;
      for (long p = 0; p < s.pixels; ++p) {
        const float normalised = (x[offset + p] - center) * inverse;
        dx[offset + p] = inverse * (scale * dy[offset + p] - mean - normalised * slope);
      }
    }
  });
}

void sum_over_batch(const Sizes& s, const float* sums, float* weight_gradient, float* bias_gradient) {
  for (long c = 0; c < s.channels; ++c) {
    double bias = 0;
    double weight = 0;
    for (long n = 0; n < s.batch; ++n) {
      bias += static_cast<double>(sums[2 * (n * s.channels + c)]);
      weight += static_cast<double>(sums[2 * (n * s.channels + c) + 1]);
    }
    bias_gradient[c] = static_cast<float>(bias);
    weight_gradient[c] = static_cast<float>(weight);
  }
}

class GroupNormLayer : public Layer {
 public:
  GroupNormLayer(const Node& node, const GroupNorm& op) : node_(node), op_(op) {}

  dnnl::memory forward(Builder& builder) override {
    source_ = builder.to_row_major(builder.input(node_), DataType::f32);
    const Dims in = source_.get_desc().dims();
    sizes_ = {in[0], in[1], op_.groups, in[2] * in[3]};
    const dnnl::memory output = builder.program().value(source_.get_desc());
    statistics_ = builder.program().value({{in[0], op_.groups, 2}, DataType::f32, Tag::abc});
    const dnnl::memory weight = builder.parameter(node_.parameter, {in[1]});
    const dnnl::memory bias = builder.parameter(node_.parameter + 1, {in[1]});
    const auto kernel = [=, sizes = sizes_, epsilon = op_.epsilon, source = source_, statistics = statistics_] {
      normalise(sizes, epsilon, floats(source), floats(weight), floats(bias), floats(output), floats(statistics));
    };
    builder.program().add(kernel, {source_, output, statistics_, weight, bias});
    return builder.to_row_major(output, builder.type());
  }

  void backward(Builder& builder, const dnnl::memory& gradient) override {
    const dnnl::memory after = builder.to_row_major(gradient, DataType::f32);
    const dnnl::memory result = builder.program().value(source_.get_desc());
    const dnnl::memory sums = builder.program().value({{sizes_.batch, sizes_.channels, 2}, DataType::f32, Tag::abc});
    const dnnl::memory weight = builder.parameter(node_.parameter, {sizes_.channels});
    const dnnl::memory weight_gradient = builder.parameter_gradient(node_.parameter, {sizes_.channels});
    const dnnl::memory bias_gradient = builder.parameter_gradient(node_.parameter + 1, {sizes_.channels});
    const auto kernel = [=, sizes = sizes_, source = source_, statistics = statistics_] {
      normalise_backward(sizes, floats(source), floats(after), floats(weight), floats(statistics), floats(result),
                         floats(sums));
      sum_over_batch(sizes, floats(sums), floats(weight_gradient), floats(bias_gradient));
    };
    builder.program().add(kernel, {source_, after, result, sums, statistics_, weight, weight_gradient, bias_gradient});
    if (builder.wants_gradient(node_.inputs[0])) {
      builder.give_gradient(node_.inputs[0], builder.to_row_major(result, builder.type()));
    }
  }

 private:
  const Node& node_;
  GroupNorm op_;
  Sizes sizes_;
  dnnl::memory source_;
  dnnl::memory statistics_;  // {batch, groups, 2}: mean and 1 / deviation
};

}  // namespace

std::unique_ptr<Layer> make_layer(const Node& node, const GroupNorm& op) {
  return std::make_unique<GroupNormLayer>(node, op);
}

}  // namespace geomx::trainer
