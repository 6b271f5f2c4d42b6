#include <cmath>

#include "trainer/cuda/builder.h"
#include "trainer/cuda/loss.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer::cuda {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

constexpr int kLargestWindow = 255;  // its elements are counted in 16 bits

}  // namespace

Builder::Builder(const Graph& graph, std::size_t batch, Number number, bool training)
    : graph_(graph),
      batch_(batch),
      number_(number),
      training_(training),
      parameter_offsets_(offsets_of(graph.parameters())),
      buffer_offsets_(offsets_of(graph.buffers())),
      readers_(graph.nodes().size()),
      learns_(graph.nodes().size()),
      kept_(graph.nodes().size()),
      gradients_(graph.nodes().size(), kNone) {
  if (batch == 0) throw Error("a batch must have at least one sample");
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    learns_[n] = parameters_end(n) > node(n).parameter;
    for (const std::size_t input : node(n).inputs) {
      readers_[input].push_back(n);
      if (learns_[input]) learns_[n] = true;
    }
  }
  program_.number = number;
  program_.batch = batch;
}

Program Builder::build() {
  const std::size_t nodes = graph_.nodes().size();
  for (current_ = 0; current_ < nodes; ++current_) forward(current_);
  current_ = nodes - 1;
  loss();
  if (training_) {
    for (current_ = nodes; current_-- > 0;) backward(current_);
    current_ = 0;
    // What nothing reads has a gradient all the same: the zeros that its block began with.
    for (std::size_t tensor = 0; tensor < graph_.parameters().size(); ++tensor) {
      bool found = false;
      for (const Ready& ready : program_.ready) found = found || ready.tensor == tensor;
      if (!found) program_.ready.push_back({program_.steps.size(), tensor});
    }
  }
  plan_arena(program_);
  return std::move(program_);
}

void Builder::forward(std::size_t n) {
  const Node& here = node(n);
  Kept& kept = kept_[n];
  if (!here.inputs.empty()) kept.in = kept_[here.inputs.front()].out;
  if (kept.fused) {
    kept.out = kept.in;
    return;
  }
  if (readers_[n].size() == 1 && std::holds_alternative<geomx::trainer::Relu>(node(readers_[n].front()).op)) {
    const auto* convolution = std::get_if<Convolution>(&here.op);
    kept.relu = (convolution != nullptr && (convolution->bias || is_product(*convolution))) ||
                std::holds_alternative<Linear>(here.op) || std::holds_alternative<BatchNorm>(here.op) ||
                std::holds_alternative<Add>(here.op);
    if (kept.relu) kept_[readers_[n].front()].fused = true;
  }
  const std::size_t count = elements_of(here.shape);
  std::visit(Overloaded{
                 [&](const Input&) {
                   const std::size_t channels = here.shape.size() == 3 ? channels_of(here.shape) : 1;
                   const std::size_t spots = elements(here.shape) / channels;
                   kept.in = outside(Home::samples, "samples", count * sizeof(float), 0);
                   kept.out = kept.in;
                   const bool tokens =
                       !readers_[n].empty() && std::holds_alternative<Embedding>(node(readers_[n].front()).op);
                   if (tokens || (number_ == Number::fp32 && (channels == 1 || spots == 1))) return;
                   kept.out = activation("input", count);
                   add(TransposeStep{kept.in, kept.out, static_cast<Index>(batch_), static_cast<Index>(channels),
                                     static_cast<Index>(spots), Number::fp32, number_},
                       {kept.in}, {kept.out});
                 },
                 [&](const geomx::trainer::Relu&) { kept.out = map(Function::relu, kept.in, kNone, count, here.name); },
                 [&](const geomx::trainer::Gelu&) { kept.out = map(Function::gelu, kept.in, kNone, count, here.name); },
                 [&](const Add&) {
                   kept.out = map(kept.relu ? Function::sum_relu : Function::sum, kept.in,
                                  kept_[here.inputs.back()].out, count, here.name);
                 },
                 [&](const MaxPool& op) { forward_pool(n, op, Pool::max_forward); },
                 [&](const AveragePool& op) { forward_pool(n, op, Pool::average_forward); },
                 [&](const GlobalPool&) {
                   const Shape& in = input_of(n);
                   kept.out = activation(here.name, count);
                   add(GlobalPoolStep{false, kept.in, kept.out, static_cast<Index>(batch_),
                                      static_cast<Index>(in[1] * in[2]), static_cast<Index>(in[0])},
                       {kept.in}, {kept.out});
                 },
                 [&](const GroupNorm& op) { forward_group_norm(n, group_shape(n, op.groups), op.epsilon); },
                 [&](const LayerNorm& op) {
                   if (here.shape.size() == 3) {
                     throw Error("model " + graph_.name() + ": " + here.name +
                                 " is a layer norm of images, which the CUDA backend does not compute (take a group "
                                 "norm, or --device cpu)");
                   }
                   forward_group_norm(n, layer_shape(n), op.epsilon);
                 },
                 [&](const Dropout& op) { forward_dropout(n, op); },
                 [&](const auto& op) { forward(n, op); },
             },
             here.op);
}

void Builder::forward(std::size_t n, const Convolution& op) {
  Kept& kept = kept_[n];
  const std::string& name = node(n).name;
  const std::size_t rows = rows_of(node(n).shape);
  const std::size_t count = elements_of(node(n).shape);
  const Groups groups = geometry(n, op);
  const WeightShape shape{groups.outputs, groups.group_inputs(), groups.spots()};
  kept.weight = inner_weight(n, shape);
  if (is_product(op)) {
    const ValueId bias = op.bias ? cast_bias(n) : kNone;
    kept.out = activation(name, count);
    product({.a = kept.in,
             .b = kept.weight,
             .out = kept.out,
             .m = static_cast<Index>(rows),
             .n = shape.outputs,
             .k = shape.inputs,
             .transpose_b = true,
             .bias = bias,
             .relu = kept.relu});
    return;
  }
  const ValueId bias = op.bias ? parameter(n, 1) : kNone;
  const ValueId sum = activation(name, count);
  add(ConvolutionStep{Pass::forward, op.groups > 1, kept.in, kept.weight, sum, groups}, {kept.in, kept.weight}, {sum});
  kept.out = sum;
  if (!op.bias) return;
  kept.out = activation(name + ".biased", count);
  add(BiasStep{sum, bias, kept.out, static_cast<Index>(count), groups.outputs, kept.relu}, {sum, bias}, {kept.out},
      sum);
}

void Builder::forward(std::size_t n, const Linear& op) {
  Kept& kept = kept_[n];
  const Shape& in = input_of(n);
  const std::size_t inputs = in.size() == 2 ? static_cast<std::size_t>(in[1]) : elements(in);
  const auto channels = static_cast<Index>(in.size() == 3 ? static_cast<std::size_t>(in[0]) : inputs);
  const WeightShape shape{static_cast<Index>(op.units), channels, static_cast<Index>(inputs / channels)};
  kept.weight = inner_weight(n, shape);
  const ValueId bias = op.bias ? cast_bias(n) : kNone;
  kept.out = activation(node(n).name, elements_of(node(n).shape));
  product({.a = kept.in,
           .b = kept.weight,
           .out = kept.out,
           .m = static_cast<Index>(rows_of(node(n).shape)),
           .n = shape.outputs,
           .k = static_cast<Index>(inputs),
           .transpose_b = true,
           .bias = bias,
           .relu = kept.relu});
}

void Builder::forward(std::size_t n, const BatchNorm& op) {
  Kept& kept = kept_[n];
  const std::string& name = node(n).name;
  const std::size_t channels = channels_of(node(n).shape);
  const auto rows = static_cast<Index>(rows_of(node(n).shape));
  const auto wide = static_cast<Index>(channels);
  const auto epsilon = static_cast<float>(op.epsilon);
  const ValueId mean = buffer(n, 0);
  const ValueId variance = buffer(n, 1);
  kept.statistics = floats(name + ".statistics", 2 * channels);
  if (training_) {
    const Index slices = slices_for(rows, channels);
    const ValueId partial = floats(name + ".sums", std::size_t{slices} * BatchTerm<float>::kSums * channels);
    add(BatchStatisticsStep{kept.in, partial, kept.statistics, mean, variance, rows, wide, slices,
                            static_cast<float>(op.momentum), epsilon},
        {kept.in}, {kept.statistics, partial, mean, variance});
  } else {
    add(RunningStatisticsStep{mean, variance, kept.statistics, wide, epsilon}, {mean, variance}, {kept.statistics});
  }
  const ValueId weight = parameter(n, 0);
  const ValueId bias = parameter(n, 1);
  kept.out = activation(name, elements_of(node(n).shape));
  add(BatchApplyStep{kept.in, kept.statistics, weight, bias, kept.out, rows, wide, kept.relu},
      {kept.in, kept.statistics, weight, bias}, {kept.out}, kept.in);
}

void Builder::forward_group_norm(std::size_t n, const GroupShape& shape, double epsilon) {
  Kept& kept = kept_[n];
  const std::size_t count = elements_of(node(n).shape);
  const std::size_t rows = count / shape.size();
  const ValueId weight = parameter(n, 0);
  const ValueId bias = parameter(n, 1);
  kept.statistics = floats(node(n).name + ".statistics", 2 * rows);
  kept.out = activation(node(n).name, count);
  add(GroupNormStep{false, kept.in, kNone, kept.statistics, weight, bias, kept.out, static_cast<Index>(rows), shape,
                    static_cast<float>(epsilon)},
      {kept.in, weight, bias}, {kept.out, kept.statistics});
}

void Builder::forward_dropout(std::size_t n, const Dropout& op) {
  Kept& kept = kept_[n];
  kept.out = kept.in;
  if (!training_ || op.share == 0) return;
  const Shape& shape = node(n).shape;
  const std::size_t count = elements_of(shape);
  const std::size_t channels = shape.size() == 3 ? channels_of(shape) : 1;
  kept.out = activation(node(n).name, count);
  add(DropoutStep{kept.in, kept.out, static_cast<Index>(count), static_cast<Index>(n),
                  static_cast<Index>(elements(shape) / channels), static_cast<Index>(channels), op.share},
      {kept.in}, {kept.out}, kept.in);
}

template <typename Op>
void Builder::forward_pool(std::size_t n, const Op& op, Pool pool) {
  Kept& kept = kept_[n];
  const std::size_t count = elements_of(node(n).shape);
  if (op.size > kLargestWindow) {
    throw Error("model " + graph_.name() + ": " + node(n).name + " has windows of " + std::to_string(op.size) +
                ", and the CUDA backend takes up to " + std::to_string(kLargestWindow));
  }
  kept.out = activation(node(n).name, count);
  if (training_ && pool == Pool::max_forward) kept.where = value(node(n).name + ".where", count, sizeof(std::uint16_t));
  add(PoolStep{pool, kept.in, kept.where, kept.out, windows(n, op, op.size)}, {kept.in}, {kept.out, kept.where});
}

void Builder::forward(std::size_t n, const Embedding& op) {
  Kept& kept = kept_[n];
  const std::size_t count = batch_ * elements(input_of(n));
  const ValueId weight = parameter(n, 0);
  const ValueId position = op.positions ? parameter(n, 1) : kNone;
  kept.out = activation(node(n).name, elements_of(node(n).shape));
  add(EmbeddingStep{kept.in, weight, position, kept.out, static_cast<Index>(count), static_cast<Index>(input_of(n)[0]),
                    static_cast<Index>(op.vocabulary), static_cast<Index>(op.width)},
      {kept.in, weight, position}, {kept.out});
}

// Queries, keys and values one after the other, each {samples, heads, positions, width}; then softmax(q k^T / sqrt
// width) and its product with v.
void Builder::forward(std::size_t n, const Attention& op) {
  Kept& kept = kept_[n];
  const std::string& name = node(n).name;
  const auto samples = static_cast<Index>(batch_);
  const auto positions = static_cast<Index>(node(n).shape[0]);
  const auto heads = static_cast<Index>(op.heads);
  const Index width = static_cast<Index>(node(n).shape[1]) / heads;
  const std::size_t count = elements_of(node(n).shape);
  const std::size_t scores = std::size_t{samples} * heads * positions * positions;
  const ValueId split = activation(name + ".split", 3 * count);
  add(HeadsStep{false, kept.in, split, samples, positions, 3, heads, width}, {kept.in}, {split});
  kept.queries = part(split, name + ".queries", count, 0);
  kept.keys = part(split, name + ".keys", count, 1);
  kept.values = part(split, name + ".values", count, 2);
  const ValueId raw = activation(name + ".scores", scores);
  product({.a = kept.queries,
           .b = kept.keys,
           .out = raw,
           .m = positions,
           .n = positions,
           .k = width,
           .transpose_b = true,
           .batch = samples * heads,
           .alpha = 1 / std::sqrt(static_cast<float>(width))});
  kept.shares = activation(name + ".shares", scores);
  add(SoftmaxStep{raw, kept.shares, samples * heads * positions, positions, op.causal}, {raw}, {kept.shares}, raw);
  const ValueId result = activation(name + ".heads", count);
  product({.a = kept.shares,
           .b = kept.values,
           .out = result,
           .m = positions,
           .n = width,
           .k = positions,
           .batch = samples * heads});
  kept.out = activation(name, count);
  add(HeadsStep{true, result, kept.out, samples, positions, 1, heads, width}, {result}, {kept.out});
}

void Builder::loss() {
  const std::size_t last = graph_.nodes().size() - 1;
  const std::size_t labels = labels_of(graph_, batch_);
  const auto classes = static_cast<std::size_t>(graph_.classes());
  const ValueId logits = kept_[last].out;
  const ValueId label_of = outside(Home::labels, "labels", labels * sizeof(std::int32_t), 0);
  const ValueId counted = outside(Home::counted, "counted", sizeof(std::uint64_t), 0);
  const ValueId result = outside(Home::result, "result", sizeof(Result), 0);
  const ValueId losses = floats("losses", 2 * labels);
  const ValueId gradient = training_ ? activation("logits.gradient", labels * classes) : kNone;
  add(LossStep{logits, label_of, gradient, losses, counted, result, static_cast<Index>(labels),
               static_cast<Index>(classes)},
      {logits, label_of, counted}, {gradient, losses, result});
  gradients_[last] = gradient;
}

}  // namespace geomx::trainer::cuda
