#include <cmath>

#include "trainer/cuda/builder.h"

namespace geomx::trainer::cuda {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

}  // namespace

void Builder::contribute(std::size_t n, ValueId gradient) {
  ValueId& so_far = gradients_[n];
  so_far = so_far == kNone
               ? gradient
               : map(Function::sum, so_far, gradient, elements_of(node(n).shape), node(n).name + ".gradient");
}

ValueId Builder::before_relu(std::size_t n, ValueId gradient) {
  if (!kept_[n].relu) return gradient;
  return map(Function::relu_backward, gradient, kept_[n].out, elements_of(node(n).shape),
             node(n).name + ".before_relu");
}

void Builder::backward(std::size_t n) {
  const ValueId gradient = gradients_[n];
  if (gradient == kNone || !learns(n)) return;
  const Node& here = node(n);
  const std::size_t count = elements_of(here.shape);
  const std::size_t from = here.inputs.empty() ? 0 : here.inputs.front();
  if (kept_[n].fused) {
    contribute(from, gradient);
    return;
  }
  const Kept& kept = kept_[n];
  std::visit(
      Overloaded{
          [](const Input&) {},
          [&](const geomx::trainer::Relu&) {
            contribute(from, map(Function::relu_backward, gradient, kept.out, count, here.name + ".back"));
          },
          [&](const geomx::trainer::Gelu&) {
            contribute(from, map(Function::gelu_backward, gradient, kept.in, count, here.name + ".back"));
          },
          [&](const Add&) {
            const ValueId both = before_relu(n, gradient);
            for (const std::size_t input : here.inputs) {
              if (learns(input)) contribute(input, both);
            }
          },
          [&](const MaxPool& op) { backward_pool(n, op, Pool::max_backward, gradient); },
          [&](const AveragePool& op) { backward_pool(n, op, Pool::average_backward, gradient); },
          [&](const GlobalPool&) {
            const Shape& in = input_of(n);
            const ValueId out = activation(here.name + ".back", elements_of(in));
            add(GlobalPoolStep{true, gradient, out, static_cast<Index>(batch_), static_cast<Index>(in[1] * in[2]),
                               static_cast<Index>(in[0])},
                {gradient}, {out});
            contribute(from, out);
          },
          [&](const GroupNorm& op) { backward_group_norm(n, group_shape(n, op.groups), gradient); },
          [&](const LayerNorm&) { backward_group_norm(n, layer_shape(n), gradient); },
          [&](const Dropout& op) {
            if (op.share == 0) {
              contribute(from, gradient);
              return;
            }
            const Shape& shape = here.shape;
            const std::size_t channels = shape.size() == 3 ? channels_of(shape) : 1;
            const ValueId out = activation(here.name + ".back", count);
            add(DropoutStep{gradient, out, static_cast<Index>(count), static_cast<Index>(n),
                            static_cast<Index>(elements(shape) / channels), static_cast<Index>(channels), op.share},
                {gradient}, {out}, gradient);
            contribute(from, out);
          },
          [&](const auto& op) { backward(n, op, gradient); },
      },
      here.op);
  for (std::size_t tensor = parameters_end(n); tensor-- > here.parameter;) {
    program_.ready.push_back({program_.steps.size(), tensor});
  }
}

void Builder::backward(std::size_t n, const Convolution& op, ValueId gradient) {
  const Kept& kept = kept_[n];
  const std::string& name = node(n).name;
  const std::size_t from = node(n).inputs.front();
  const Groups groups = geometry(n, op);
  const WeightShape shape{groups.outputs, groups.group_inputs(), groups.spots()};
  const std::size_t rows = rows_of(node(n).shape);
  const ValueId out_gradient = before_relu(n, gradient);
  if (op.bias) column_sum(out_gradient, rows, groups.outputs, gradient_of(n, 1));
  if (is_product(op)) {
    product({.a = out_gradient,
             .b = kept.in,
             .out = gradient_of(n, 0),
             .m = shape.outputs,
             .n = shape.inputs,
             .k = static_cast<Index>(rows),
             .transpose_a = true,
             .out_fp32 = true});
  } else if (op.groups > 1) {
    const std::size_t columns = shape.size();
    const Index slices = slices_for(rows, columns);
    const ValueId partial = floats(name + ".sums", slices * columns);
    add(ConvolutionStep{Pass::backward_weight, true, kept.in, out_gradient, gradient_of(n, 0), groups, partial, slices},
        {kept.in, out_gradient}, {gradient_of(n, 0), partial});
  } else {
    const bool direct = number_ == Number::fp32 && shape.same();
    const ValueId inner = direct ? gradient_of(n, 0) : activation(name + ".weight_gradient", shape.size());
    add(ConvolutionStep{Pass::backward_weight, false, kept.in, out_gradient, inner, groups}, {kept.in, out_gradient},
        {inner});
    finish_weight(n, shape, inner, number_);
  }
  if (!learns(from)) return;
  const ValueId out = activation(name + ".back", elements_of(input_of(n)));
  if (is_product(op)) {
    product({.a = out_gradient,
             .b = kept.weight,
             .out = out,
             .m = static_cast<Index>(rows),
             .n = shape.inputs,
             .k = shape.outputs});
  } else {
    add(ConvolutionStep{Pass::backward_data, op.groups > 1, out_gradient, kept.weight, out, groups},
        {out_gradient, kept.weight}, {out});
  }
  contribute(from, out);
}

void Builder::backward(std::size_t n, const Linear& op, ValueId gradient) {
  const Kept& kept = kept_[n];
  const std::size_t from = node(n).inputs.front();
  const Shape& in = input_of(n);
  const std::size_t inputs = in.size() == 2 ? static_cast<std::size_t>(in[1]) : elements(in);
  const auto channels = static_cast<Index>(in.size() == 3 ? static_cast<std::size_t>(in[0]) : inputs);
  const WeightShape shape{static_cast<Index>(op.units), channels, static_cast<Index>(inputs / channels)};
  const std::size_t rows = rows_of(node(n).shape);
  const ValueId out_gradient = before_relu(n, gradient);
  if (op.bias) column_sum(out_gradient, rows, shape.outputs, gradient_of(n, 1));
  const ValueId inner = shape.same() ? gradient_of(n, 0) : floats(node(n).name + ".weight_gradient", shape.size());
  product({.a = out_gradient,
           .b = kept.in,
           .out = inner,
           .m = shape.outputs,
           .n = static_cast<Index>(inputs),
           .k = static_cast<Index>(rows),
           .transpose_a = true,
           .out_fp32 = true});
  finish_weight(n, shape, inner, Number::fp32);
  if (!learns(from)) return;
  const ValueId out = activation(node(n).name + ".back", elements_of(in));
  product({.a = out_gradient,
           .b = kept.weight,
           .out = out,
           .m = static_cast<Index>(rows),
           .n = static_cast<Index>(inputs),
           .k = shape.outputs});
  contribute(from, out);
}

void Builder::backward(std::size_t n, const BatchNorm&, ValueId gradient) {
  const Kept& kept = kept_[n];
  const std::size_t from = node(n).inputs.front();
  const auto channels = static_cast<Index>(channels_of(node(n).shape));
  const std::size_t rows = rows_of(node(n).shape);
  norm_gradients(n, gradient, rows, {0, channels, 1});
  if (!learns(from)) return;
  const ValueId out = activation(node(n).name + ".back", elements_of(node(n).shape));
  const ValueId weight = parameter(n, 0);
  const ValueId output = kept.output_of_relu();
  add(BatchBackwardStep{kept.in, gradient, output, kept.statistics, weight, gradient_of(n, 1), gradient_of(n, 0), out,
                        static_cast<Index>(rows), channels},
      {kept.in, gradient, output, kept.statistics, weight, gradient_of(n, 1), gradient_of(n, 0)}, {out}, gradient);
  contribute(from, out);
}

void Builder::backward_group_norm(std::size_t n, const GroupShape& shape, ValueId gradient) {
  const Kept& kept = kept_[n];
  const std::size_t from = node(n).inputs.front();
  const std::size_t count = elements_of(node(n).shape);
  norm_gradients(n, gradient, count / shape.channels, {shape.spots, shape.channels, shape.groups});
  if (!learns(from)) return;
  const ValueId out = activation(node(n).name + ".back", count);
  const ValueId weight = parameter(n, 0);
  add(GroupNormStep{true, kept.in, gradient, kept.statistics, weight, kNone, out,
                    static_cast<Index>(count / shape.size()), shape, 0},
      {kept.in, gradient, kept.statistics, weight}, {out});
  contribute(from, out);
}

template <typename Op>
void Builder::backward_pool(std::size_t n, const Op& op, Pool pool, ValueId gradient) {
  const Kept& kept = kept_[n];
  const ValueId out = activation(node(n).name + ".back", elements_of(input_of(n)));
  add(PoolStep{pool, gradient, kept.where, out, windows(n, op, op.size)}, {gradient, kept.where}, {out});
  contribute(node(n).inputs.front(), out);
}

void Builder::backward(std::size_t n, const Embedding& op, ValueId gradient) {
  const Kept& kept = kept_[n];
  const std::size_t count = batch_ * elements(input_of(n));
  add(EmbeddingGradientStep{kept.in, gradient, gradient_of(n, 0), static_cast<Index>(count),
                            static_cast<Index>(op.vocabulary), static_cast<Index>(op.width)},
      {kept.in, gradient}, {gradient_of(n, 0)});
  if (op.positions) column_sum(gradient, batch_, elements(node(n).shape), gradient_of(n, 1));
}

void Builder::backward(std::size_t n, const Attention& op, ValueId gradient) {
  const Kept& kept = kept_[n];
  const std::string& name = node(n).name;
  const auto samples = static_cast<Index>(batch_);
  const auto positions = static_cast<Index>(node(n).shape[0]);
  const auto heads = static_cast<Index>(op.heads);
  const Index width = static_cast<Index>(node(n).shape[1]) / heads;
  const Index batch = samples * heads;
  const float alpha = 1 / std::sqrt(static_cast<float>(width));
  const std::size_t count = elements_of(node(n).shape);
  const std::size_t scores = std::size_t{batch} * positions * positions;
  const ValueId result = activation(name + ".heads_gradient", count);
  add(HeadsStep{false, gradient, result, samples, positions, 1, heads, width}, {gradient}, {result});
  const ValueId all = activation(name + ".split_gradient", 3 * count);
  const ValueId queries = part(all, name + ".queries_gradient", count, 0);
  const ValueId keys = part(all, name + ".keys_gradient", count, 1);
  const ValueId values = part(all, name + ".values_gradient", count, 2);
  product({.a = kept.shares,
           .b = result,
           .out = values,
           .m = positions,
           .n = width,
           .k = positions,
           .transpose_a = true,
           .batch = batch});
  const ValueId shares = activation(name + ".shares_gradient", scores);
  product({.a = result,
           .b = kept.values,
           .out = shares,
           .m = positions,
           .n = positions,
           .k = width,
           .transpose_b = true,
           .batch = batch});
  const ValueId raw = activation(name + ".scores_gradient", scores);
  add(SoftmaxBackwardStep{shares, kept.shares, raw, batch * positions, positions}, {shares, kept.shares}, {raw},
      shares);
  product({.a = raw,
           .b = kept.keys,
           .out = queries,
           .m = positions,
           .n = width,
           .k = positions,
           .batch = batch,
           .alpha = alpha});
  product({.a = raw,
           .b = kept.queries,
           .out = keys,
           .m = positions,
           .n = width,
           .k = positions,
           .transpose_a = true,
           .batch = batch,
           .alpha = alpha});
  const ValueId out = activation(name + ".back", 3 * count);
  add(HeadsStep{true, all, out, samples, positions, 3, heads, width}, {all}, {out});
  contribute(node(n).inputs.front(), out);
}

Program make_program(const Graph& graph, std::size_t batch, Number number, bool training) {
  return Builder(graph, batch, number, training).build();
}

}  // namespace geomx::trainer::cuda
