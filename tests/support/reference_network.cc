#include "tests/support/reference_network.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <variant>

#include "trainer/model/initial.h"
#include "trainer/tensor/dropout.h"

namespace geomx::trainer {
namespace {

using Values = std::vector<double>;

// One node while it is computed: its inputs, its output, their gradients, its parameters and theirs.
struct Site {
  const Node& node;
  const Shape& in;  // shape of the first input
  long batch;
  std::size_t index;
  const ReferenceOptions& options;
  const Values& x;
  const Values& other;  // the second input
  Values& y;
  const Values& dy;
  Values& dx;
  Values& dother;
  const Tensors& parameters;
  std::vector<Values>& gradients;
  std::vector<Values>& buffers;

  std::span<const float> w(std::size_t k = 0) const { return parameters[node.parameter + k]; }
  Values& dw(std::size_t k = 0) const { return gradients[node.parameter + k]; }
  long out(std::size_t d) const { return node.shape[d]; }
};

// Calls visit(input element, weight element, output element) for every product of a convolution.
template <typename Visit>
void products(const Site& s, const Convolution& op, const Visit& visit) {
  const long ins = s.in[0] / op.groups;
  const long outs = op.channels / op.groups;
  for (long n = 0; n < s.batch; ++n)
    for (long o = 0; o < op.channels; ++o)
      for (long y = 0; y < s.out(1); ++y)
        for (long x = 0; x < s.out(2); ++x)
          for (long i = 0; i < ins; ++i)
            for (long ky = 0; ky < op.kernel; ++ky)
              for (long kx = 0; kx < op.kernel; ++kx) {
                const long row = y * op.stride + ky - op.padding;
                const long column = x * op.stride + kx - op.padding;
                if (row < 0 || row >= s.in[1] || column < 0 || column >= s.in[2]) continue;
                const long channel = o / outs * ins + i;
                visit(((n * s.in[0] + channel) * s.in[1] + row) * s.in[2] + column,
                      ((o * ins + i) * op.kernel + ky) * op.kernel + kx,
                      ((n * op.channels + o) * s.out(1) + y) * s.out(2) + x);
              }
}

void forward(const Site& s, const Convolution& op) {
  const long pixels = s.out(1) * s.out(2);
  if (op.bias) {
    for (std::size_t i = 0; i < s.y.size(); ++i) s.y[i] = s.w(1)[i / pixels % op.channels];
  }
  const auto w = s.w();
  products(s, op, [&](long x, long k, long y) { s.y[y] += s.x[x] * w[k]; });
}
void backward(const Site& s, const Convolution& op) {
  const long pixels = s.out(1) * s.out(2);
  if (op.bias) {
    for (std::size_t i = 0; i < s.dy.size(); ++i) s.dw(1)[i / pixels % op.channels] += s.dy[i];
  }
  const auto w = s.w();
  Values& dw = s.dw();
  products(s, op, [&](long x, long k, long y) {
    dw[k] += s.dy[y] * s.x[x];
    s.dx[x] += s.dy[y] * w[k];
  });
}

void forward(const Site& s, const Linear& op) {
  const std::size_t width = s.w().size() / op.units;
  for (std::size_t i = 0; i < s.y.size(); ++i) {
    const std::size_t row = i / op.units;
    const std::size_t unit = i % op.units;
    s.y[i] = op.bias ? s.w(1)[unit] : 0;
    for (std::size_t k = 0; k < width; ++k) s.y[i] += s.x[row * width + k] * s.w()[unit * width + k];
  }
}
void backward(const Site& s, const Linear& op) {
  const std::size_t width = s.w().size() / op.units;
  for (std::size_t i = 0; i < s.dy.size(); ++i) {
    const std::size_t row = i / op.units;
    const std::size_t unit = i % op.units;
    if (op.bias) s.dw(1)[unit] += s.dy[i];
    for (std::size_t k = 0; k < width; ++k) {
      s.dw()[unit * width + k] += s.dy[i] * s.x[row * width + k];
      s.dx[row * width + k] += s.dy[i] * s.w()[unit * width + k];
    }
  }
}

void forward(const Site& s, const Relu&) {
  for (std::size_t i = 0; i < s.y.size(); ++i) s.y[i] = std::max(s.x[i], 0.0);
}
void backward(const Site& s, const Relu&) {
  for (std::size_t i = 0; i < s.y.size(); ++i) s.dx[i] += s.x[i] > 0 ? s.dy[i] : 0;
}

double normal_share(double x) {
  return 0.5 * (1 + std::erf(x / std::numbers::sqrt2));
}
void forward(const Site& s, const Gelu&) {
  for (std::size_t i = 0; i < s.y.size(); ++i) s.y[i] = s.x[i] * normal_share(s.x[i]);
}
void backward(const Site& s, const Gelu&) {
  for (std::size_t i = 0; i < s.y.size(); ++i) {
    const double density = std::exp(-0.5 * s.x[i] * s.x[i]) / std::sqrt(2 * std::numbers::pi);
    s.dx[i] += s.dy[i] * (normal_share(s.x[i]) + s.x[i] * density);
  }
}

// Calls visit(output element, its window's input elements).
template <typename Visit>
void windows(const Site& s, int size, int stride, int padding, const Visit& visit) {
  for (long plane = 0; plane < s.batch * s.in[0]; ++plane)
    for (long y = 0; y < s.out(1); ++y)
      for (long x = 0; x < s.out(2); ++x) {
        std::vector<long> window;
        for (long row = y * stride - padding; row < y * stride - padding + size; ++row)
          for (long column = x * stride - padding; column < x * stride - padding + size; ++column) {
            if (row < 0 || row >= s.in[1] || column < 0 || column >= s.in[2]) continue;
            window.push_back((plane * s.in[1] + row) * s.in[2] + column);
          }
        visit((plane * s.out(1) + y) * s.out(2) + x, window);
      }
}

long largest(const Values& x, const std::vector<long>& window) {
  return *std::ranges::max_element(window, {}, [&](long i) { return x[i]; });
}
void forward(const Site& s, const MaxPool& op) {
  windows(s, op.size, op.stride, op.padding,
          [&](long y, const std::vector<long>& window) { s.y[y] = s.x[largest(s.x, window)]; });
}
void backward(const Site& s, const MaxPool& op) {
  windows(s, op.size, op.stride, op.padding,
          [&](long y, const std::vector<long>& window) { s.dx[largest(s.x, window)] += s.dy[y]; });
}
void forward(const Site& s, const AveragePool& op) {
  windows(s, op.size, op.stride, op.padding, [&](long y, const std::vector<long>& window) {
    for (const long x : window) s.y[y] += s.x[x] / static_cast<double>(window.size());
  });
}
void backward(const Site& s, const AveragePool& op) {
  windows(s, op.size, op.stride, op.padding, [&](long y, const std::vector<long>& window) {
    for (const long x : window) s.dx[x] += s.dy[y] / static_cast<double>(window.size());
  });
}
void forward(const Site& s, const GlobalPool&) {
  const long pixels = s.in[1] * s.in[2];
  for (std::size_t i = 0; i < s.x.size(); ++i) s.y[i / pixels] += s.x[i] / static_cast<double>(pixels);
}
void backward(const Site& s, const GlobalPool&) {
  const long pixels = s.in[1] * s.in[2];
  for (std::size_t i = 0; i < s.x.size(); ++i) s.dx[i] += s.dy[i / pixels] / static_cast<double>(pixels);
}

// The elements that are normalised together, each with the channel whose weight and bias it gets.
struct Member {
  std::size_t element;
  std::size_t channel;
};
using Sets = std::vector<std::vector<Member>>;

void normalise(const Site& s, const Sets& sets, double epsilon) {
  for (const auto& set : sets) {
    double mean = 0;
    double variance = 0;
    for (const Member& m : set) mean += s.x[m.element] / static_cast<double>(set.size());
    for (const Member& m : set) variance += std::pow(s.x[m.element] - mean, 2) / static_cast<double>(set.size());
    for (const Member& m : set) {
      s.y[m.element] = (s.x[m.element] - mean) / std::sqrt(variance + epsilon) * s.w()[m.channel] + s.w(1)[m.channel];
    }
  }
}
void normalise_backward(const Site& s, const Sets& sets, double epsilon) {
  for (const auto& set : sets) {
    const auto count = static_cast<double>(set.size());
    double mean = 0;
    double variance = 0;
    for (const Member& m : set) mean += s.x[m.element] / count;
    for (const Member& m : set) variance += std::pow(s.x[m.element] - mean, 2) / count;
    const double deviation = std::sqrt(variance + epsilon);
    double sum = 0;
    double along = 0;
    for (const Member& m : set) {
      const double hat = (s.x[m.element] - mean) / deviation;
      const double g = s.dy[m.element] * s.w()[m.channel];
      s.dw()[m.channel] += s.dy[m.element] * hat;
      s.dw(1)[m.channel] += s.dy[m.element];
      sum += g / count;
      along += g * hat / count;
    }
    for (const Member& m : set) {
      const double hat = (s.x[m.element] - mean) / deviation;
      s.dx[m.element] += (s.dy[m.element] * s.w()[m.channel] - sum - hat * along) / deviation;
    }
  }
}

Sets sets_of(const Site& s, const BatchNorm&) {
  const std::size_t pixels = s.in[1] * s.in[2];
  Sets sets(s.in[0]);
  for (std::size_t i = 0; i < s.x.size(); ++i) sets[i / pixels % s.in[0]].push_back({i, i / pixels % s.in[0]});
  return sets;
}
Sets sets_of(const Site& s, const GroupNorm& op) {
  const std::size_t pixels = s.in[1] * s.in[2];
  Sets sets(s.batch * op.groups);
  const std::size_t size = s.x.size() / sets.size();
  for (std::size_t i = 0; i < s.x.size(); ++i) sets[i / size].push_back({i, i / pixels % s.in[0]});
  return sets;
}
Sets sets_of(const Site& s, const LayerNorm&) {
  const std::size_t width = s.in.back();
  Sets sets(s.x.size() / width);
  for (std::size_t i = 0; i < s.x.size(); ++i) sets[i / width].push_back({i, i % width});
  return sets;
}

void forward(const Site& s, const BatchNorm& op) {
  Values& means = s.buffers[s.node.buffer];
  Values& variances = s.buffers[s.node.buffer + 1];
  const Sets sets = sets_of(s, op);
  if (!s.options.training) {
    for (std::size_t c = 0; c < sets.size(); ++c) {
      for (const Member& m : sets[c]) {
        s.y[m.element] = (s.x[m.element] - means[c]) / std::sqrt(variances[c] + op.epsilon) * s.w()[c] + s.w(1)[c];
      }
    }
    return;
  }
  normalise(s, sets, op.epsilon);
  for (std::size_t c = 0; c < sets.size(); ++c) {
    const auto count = static_cast<double>(sets[c].size());
    double mean = 0;
    double squares = 0;
    for (const Member& m : sets[c]) mean += s.x[m.element] / count;
    for (const Member& m : sets[c]) squares += std::pow(s.x[m.element] - mean, 2);
    means[c] += op.momentum * (mean - means[c]);
    variances[c] += op.momentum * (squares / std::max(count - 1, 1.0) - variances[c]);
  }
}
void backward(const Site& s, const BatchNorm& op) {
  normalise_backward(s, sets_of(s, op), op.epsilon);
}
void forward(const Site& s, const GroupNorm& op) {
  normalise(s, sets_of(s, op), op.epsilon);
}
void backward(const Site& s, const GroupNorm& op) {
  normalise_backward(s, sets_of(s, op), op.epsilon);
}
void forward(const Site& s, const LayerNorm& op) {
  normalise(s, sets_of(s, op), op.epsilon);
}
void backward(const Site& s, const LayerNorm& op) {
  normalise_backward(s, sets_of(s, op), op.epsilon);
}

double mask(const Site& s, const Dropout& op, std::size_t element) {
  if (!s.options.training) return 1;
  const DropoutKey key = dropout_key(s.options.seed, s.options.step, s.index);
  const bool kept = dropout_draw(key, static_cast<std::uint32_t>(element)) >= dropout_threshold(op.share);
  return kept ? 1 / (1 - op.share) : 0;
}
void forward(const Site& s, const Dropout& op) {
  for (std::size_t i = 0; i < s.x.size(); ++i) s.y[i] = s.x[i] * mask(s, op, i);
}
void backward(const Site& s, const Dropout& op) {
  for (std::size_t i = 0; i < s.x.size(); ++i) s.dx[i] += s.dy[i] * mask(s, op, i);
}

void forward(const Site& s, const Add&) {
  for (std::size_t i = 0; i < s.x.size(); ++i) s.y[i] = s.x[i] + s.other[i];
}
void backward(const Site& s, const Add&) {
  for (std::size_t i = 0; i < s.dy.size(); ++i) {
    s.dx[i] += s.dy[i];
    s.dother[i] += s.dy[i];
  }
}

void forward(const Site& s, const Embedding& op) {
  for (std::size_t i = 0; i < s.y.size(); ++i) {
    const std::size_t place = i / op.width;
    s.y[i] = s.w()[static_cast<std::size_t>(s.x[place]) * op.width + i % op.width];
    if (op.positions) s.y[i] += s.w(1)[place % s.in[0] * op.width + i % op.width];
  }
}
void backward(const Site& s, const Embedding& op) {
  for (std::size_t i = 0; i < s.dy.size(); ++i) {
    const std::size_t place = i / op.width;
    s.dw()[static_cast<std::size_t>(s.x[place]) * op.width + i % op.width] += s.dy[i];
    if (op.positions) s.dw(1)[place % s.in[0] * op.width + i % op.width] += s.dy[i];
  }
}

// Calls visit(query, keys, weights) for each sample, head and position: where the query's and the keys' first elements
// are, and softmax(q k / sqrt(size)) of those that it sees. Values lie 2 * width behind queries.
template <typename Visit>
void attend(const Site& s, const Attention& op, const Visit& visit) {
  const long positions = s.out(0);
  const long width = s.out(1);
  const long size = width / op.heads;
  for (long n = 0; n < s.batch; ++n)
    for (long head = 0; head < op.heads; ++head)
      for (long t = 0; t < positions; ++t) {
        const auto at = [&](long position) { return (n * positions + position) * 3 * width + head * size; };
        std::vector<long> keys;
        Values weights;
        double sum = 0;
        for (long u = 0; u < (op.causal ? t + 1 : positions); ++u) {
          double score = 0;
          for (long k = 0; k < size; ++k) score += s.x[at(t) + k] * s.x[at(u) + width + k];
          keys.push_back(at(u) + width);
          weights.push_back(std::exp(score / std::sqrt(static_cast<double>(size))));
          sum += weights.back();
        }
        for (double& weight : weights) weight /= sum;
        visit(at(t), (n * positions + t) * width + head * size, keys, weights, size);
      }
}
void forward(const Site& s, const Attention& op) {
  attend(s, op, [&](long, long out, const std::vector<long>& keys, const Values& weights, long size) {
    for (std::size_t u = 0; u < keys.size(); ++u)
      for (long k = 0; k < size; ++k) s.y[out + k] += weights[u] * s.x[keys[u] + s.out(1) + k];
  });
}
void backward(const Site& s, const Attention& op) {
  attend(s, op, [&](long query, long out, const std::vector<long>& keys, const Values& weights, long size) {
    Values dweights(keys.size());
    double mean = 0;
    for (std::size_t u = 0; u < keys.size(); ++u) {
      for (long k = 0; k < size; ++k) {
        s.dx[keys[u] + s.out(1) + k] += weights[u] * s.dy[out + k];
        dweights[u] += s.dy[out + k] * s.x[keys[u] + s.out(1) + k];
      }
      mean += weights[u] * dweights[u];
    }
    for (std::size_t u = 0; u < keys.size(); ++u) {
      const double dscore = weights[u] * (dweights[u] - mean) / std::sqrt(static_cast<double>(size));
      for (long k = 0; k < size; ++k) {
        s.dx[query + k] += dscore * s.x[keys[u] + k];
        s.dx[keys[u] + k] += dscore * s.x[query + k];
      }
    }
  });
}

void forward(const Site&, const Input&) {}
void backward(const Site&, const Input&) {}

// The gradient of the mean cross-entropy with respect to the logits.
Values judge(const Values& logits, std::size_t classes, const Batch& batch, ReferenceStep& step) {
  Values gradient(logits.size());
  const auto labels = static_cast<double>(batch.labels.size());
  for (std::size_t row = 0; row < batch.labels.size(); ++row) {
    const std::span<const double> r(logits.data() + row * classes, classes);
    const std::size_t label = batch.labels[row];
    const double top = *std::ranges::max_element(r);
    double sum = 0;
    for (const double logit : r) sum += std::exp(logit - top);
    step.loss += (std::log(sum) - (r[label] - top)) / labels;
    step.correct += static_cast<std::size_t>(std::ranges::max_element(r) - r.begin()) == label;
    for (std::size_t c = 0; c < classes; ++c) {
      gradient[row * classes + c] = (std::exp(r[c] - top) / sum - (c == label ? 1.0 : 0.0)) / labels;
    }
  }
  return gradient;
}

}  // namespace

ReferenceStep reference_step(const Graph& graph, const Tensors& parameters, const Tensors& buffers, const Batch& batch,
                             const ReferenceOptions& options) {
  const auto& nodes = graph.nodes();
  const std::size_t samples = batch.labels.size() / graph.labels_per_sample();
  ReferenceStep step;
  for (const TensorSpec& spec : parameters.specs()) step.gradients.emplace_back(spec.size());
  for (std::size_t b = 0; b < buffers.count(); ++b) step.buffers.emplace_back(buffers[b].begin(), buffers[b].end());
  std::vector<Values> values;
  for (const Node& node : nodes) values.emplace_back(samples * elements(node.shape));
  std::vector<Values> gradients = values;
  values[0].assign(batch.images.begin(), batch.images.end());

  const auto site = [&](std::size_t i) {
    const Node& node = nodes[i];
    const std::size_t one = node.inputs.front();
    const std::size_t other = node.inputs.back();
    return Site{node,
                nodes[one].shape,
                static_cast<long>(samples),
                i,
                options,
                values[one],
                values[other],
                values[i],
                gradients[i],
                gradients[one],
                gradients[other],
                parameters,
                step.gradients,
                step.buffers};
  };
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    std::visit([&](const auto& op) { forward(site(i), op); }, nodes[i].op);
  }
  gradients.back() = judge(values.back(), static_cast<std::size_t>(graph.classes()), batch, step);
  for (std::size_t i = options.training ? nodes.size() : 1; --i > 0;) {
    std::visit([&](const auto& op) { backward(site(i), op); }, nodes[i].op);
  }
  return step;
}

ReferenceStep reference_step(const Graph& graph, const Tensors& parameters, const Batch& batch,
                             const ReferenceOptions& options) {
  Tensors buffers(graph.buffers());
  initialise_buffers(buffers);
  return reference_step(graph, parameters, buffers, batch, options);
}

}  // namespace geomx::trainer
