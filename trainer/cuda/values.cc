#include <algorithm>
#include <limits>

#include "trainer/cuda/builder.h"
#include "trainer/tensor/error.h"

// The values and the simple steps of a program that is being built.
namespace geomx::trainer::cuda {

std::size_t size_of(Number number) {
  return number == Number::fp32 ? sizeof(float) : sizeof(Bf16);
}

std::vector<std::size_t> offsets_of(const std::vector<TensorSpec>& specs) {
  std::vector<std::size_t> offsets{0};
  for (const TensorSpec& spec : specs) {
    offsets.push_back(offsets.back() + (spec.size() * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment);
  }
  return offsets;
}

std::size_t labels_of(const Graph& graph, std::size_t batch) {
  return batch * graph.labels_per_sample();
}

Index slices_for(std::size_t rows, std::size_t columns) {
  constexpr std::size_t kBlocks = 528;  // four for each of 132 multiprocessors
  constexpr std::size_t kColumns = 32;  // of a block
  constexpr std::size_t kRows = 64;     // at least, of a slice
  const std::size_t across = (columns + kColumns - 1) / kColumns;
  return static_cast<Index>(std::clamp<std::size_t>(kBlocks / across, 1, (rows + kRows - 1) / kRows));
}

ValueId Builder::value(const std::string& name, std::size_t elements, std::size_t size) {
  constexpr std::size_t kMost = std::numeric_limits<Index>::max() / 2;
  if (elements > kMost) {
    throw Error("model " + graph_.name() + ": " + name + " has " + std::to_string(elements) +
                " elements with a batch of " + std::to_string(batch_) + ", and the CUDA backend counts to " +
                std::to_string(kMost) + " (take a smaller batch)");
  }
  program_.values.push_back({name, Home::arena, elements * size});
  return static_cast<ValueId>(program_.values.size() - 1);
}

ValueId Builder::activation(const std::string& name, std::size_t elements) {
  return value(name, elements, size_of(number_));
}

ValueId Builder::floats(const std::string& name, std::size_t elements) {
  return value(name, elements, sizeof(float));
}

ValueId Builder::part(ValueId whole, const std::string& name, std::size_t elements, std::size_t index) {
  const ValueId id = activation(name, elements);
  program_.values[id].base = whole;
  program_.values[id].offset = index * program_.values[id].bytes;
  return id;
}

ValueId Builder::outside(Home home, const std::string& name, std::size_t bytes, std::size_t offset) {
  for (std::size_t id = 0; id < program_.values.size(); ++id) {
    const Value& there = program_.values[id];
    if (there.home == home && there.offset == offset && there.base == kNone) return static_cast<ValueId>(id);
  }
  program_.values.push_back({name, home, bytes, offset});
  return static_cast<ValueId>(program_.values.size() - 1);
}

std::size_t Builder::parameters_end(std::size_t n) const {
  return n + 1 < graph_.nodes().size() ? node(n + 1).parameter : graph_.parameters().size();
}

ValueId Builder::parameter(std::size_t n, std::size_t which) {
  const std::size_t tensor = node(n).parameter + which;
  const TensorSpec& spec = graph_.parameters()[tensor];
  const bool known = std::ranges::find(program_.needed, tensor, &Needed::tensor) != program_.needed.end();
  // All of a node's come together.
  for (std::size_t t = node(n).parameter; !known && t < parameters_end(n); ++t) {
    program_.needed.push_back({program_.steps.size(), t});
  }
  return outside(Home::parameters, spec.name, spec.size() * sizeof(float), parameter_offsets_[tensor]);
}

ValueId Builder::gradient_of(std::size_t n, std::size_t which) {
  const std::size_t tensor = node(n).parameter + which;
  const TensorSpec& spec = graph_.parameters()[tensor];
  return outside(Home::gradients, spec.name + ".gradient", spec.size() * sizeof(float), parameter_offsets_[tensor]);
}

ValueId Builder::buffer(std::size_t n, std::size_t which) {
  const std::size_t tensor = node(n).buffer + which;
  const TensorSpec& spec = graph_.buffers()[tensor];
  return outside(Home::buffers, spec.name, spec.size() * sizeof(float), buffer_offsets_[tensor]);
}

void Builder::add(Step step, std::vector<ValueId> reads, std::vector<ValueId> writes, ValueId over) {
  std::erase(reads, kNone);
  std::erase(writes, kNone);
  program_.steps.push_back({std::move(step), node(current_).name, std::move(reads), std::move(writes), over});
}

ValueId Builder::map(Function function, ValueId first, ValueId second, std::size_t elements, const std::string& name) {
  const ValueId out = activation(name, elements);
  add(MapStep{function, first, second, out, static_cast<Index>(elements)}, {first, second}, {out}, first);
  return out;
}

ValueId Builder::inner_weight(std::size_t n, const WeightShape& shape) {
  const ValueId canonical = parameter(n, 0);
  if (shape.same() && number_ == Number::fp32) return canonical;
  const ValueId inner = activation(node(n).name + ".weight", shape.size());
  add(TransposeStep{canonical, inner, shape.outputs, shape.inputs, shape.spots, Number::fp32, number_}, {canonical},
      {inner});
  return inner;
}

ValueId Builder::cast_bias(std::size_t n) {
  const ValueId bias = parameter(n, 1);
  if (number_ == Number::fp32) return bias;
  const auto size = static_cast<Index>(channels_of(node(n).shape));
  const ValueId inner = activation(node(n).name + ".bias", size);
  add(TransposeStep{bias, inner, size, 1, 1, Number::fp32, number_}, {bias}, {inner});
  return inner;
}

void Builder::product(ProductStep step) {
  add(step, {step.a, step.b, step.bias}, {step.out});
}

void Builder::column_sum(ValueId in, std::size_t rows, std::size_t columns, ValueId out) {
  const Index slices = slices_for(rows, columns);
  const ValueId partial = floats(node(current_).name + ".sums", slices * columns);
  add(ColumnSumStep{in, partial, out, static_cast<Index>(rows), static_cast<Index>(columns), slices}, {in},
      {out, partial});
}

void Builder::norm_gradients(std::size_t n, ValueId gradient, std::size_t rows, const StatisticsOf& which) {
  const Kept& kept = kept_[n];
  const Index slices = slices_for(rows, which.columns);
  const ValueId partial = floats(node(n).name + ".sums", std::size_t{slices} * NormTerm<float>::kSums * which.columns);
  const ValueId weight = gradient_of(n, 0);
  const ValueId bias = gradient_of(n, 1);
  add(NormGradientStep{kept.in, gradient, kept.output_of_relu(), kept.statistics, partial, weight, bias,
                       static_cast<Index>(rows), slices, which},
      {kept.in, gradient, kept.output_of_relu(), kept.statistics}, {weight, bias, partial});
}

void Builder::finish_weight(std::size_t n, const WeightShape& shape, ValueId from, Number number) {
  const ValueId out = gradient_of(n, 0);
  if (from == out) return;
  add(TransposeStep{from, out, shape.outputs, shape.spots, shape.inputs, number, Number::fp32}, {from}, {out});
}

bool Builder::is_product(const Convolution& op) const {
  return op.kernel == 1 && op.stride == 1 && op.padding == 0 && op.groups == 1;
}

template <typename Op>
Windows Builder::windows(std::size_t n, const Op& op, int size) const {
  const Shape& in = input_of(n);
  const Shape& out = node(n).shape;
  const auto index = [](long number) { return static_cast<Index>(number); };
  return {index(static_cast<long>(batch_)),
          index(in[0]),
          index(in[1]),
          index(in[2]),
          index(out[1]),
          index(out[2]),
          index(size),
          index(op.stride),
          index(op.padding)};
}
template Windows Builder::windows(std::size_t, const Convolution&, int) const;
template Windows Builder::windows(std::size_t, const MaxPool&, int) const;
template Windows Builder::windows(std::size_t, const AveragePool&, int) const;

Groups Builder::geometry(std::size_t n, const Convolution& op) const {
  return {windows(n, op, op.kernel), static_cast<Index>(op.channels), static_cast<Index>(op.groups)};
}

GroupShape Builder::layer_shape(std::size_t n) const {
  const Shape& in = input_of(n);
  return {1, static_cast<Index>(in.back()), 1};
}

GroupShape Builder::group_shape(std::size_t n, int groups) const {
  const Shape& in = input_of(n);
  return {static_cast<Index>(in[1] * in[2]), static_cast<Index>(in[0]), static_cast<Index>(groups)};
}

}  // namespace geomx::trainer::cuda
