#include "trainer/cpu/program/builder.h"

#include <algorithm>

namespace geomx::trainer {
namespace {

// Nodes with parameters at or before them: what comes before all parameters needs no gradient.
std::vector<bool> with_parameters_before(const Graph& graph) {
  const auto& nodes = graph.nodes();
  std::vector<bool> wanted(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::size_t end = i + 1 < nodes.size() ? nodes[i + 1].parameter : graph.parameters().size();
    wanted[i] = end > nodes[i].parameter ||
                std::ranges::any_of(nodes[i].inputs, [&](std::size_t input) { return wanted[input]; });
  }
  return wanted;
}

}  // namespace

Builder::Builder(const Graph& graph, std::size_t batch, DataType type, Program& program, Tensors& parameters,
                 Tensors* gradients, Tensors& buffers, const StepState& state)
    : graph_(graph),
      batch_(static_cast<long>(batch)),
      type_(type),
      program_(program),
      parameters_(parameters),
      gradients_(gradients),
      buffers_(buffers),
      state_(state),
      values_(graph.nodes().size()),
      gradient_values_(graph.nodes().size()),
      wanted_(with_parameters_before(graph)) {}

dnnl::prop_kind Builder::propagation() const {
  return training() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
}

dnnl::memory Builder::input(const Node& node, std::size_t which) {
  dnnl::memory& value = values_[node.inputs[which]];
  if (value.get_desc().data_type() != type_) value = to_row_major(value, type_);
  return value;
}

Dims Builder::dims(const Shape& shape) const {
  if (shape.size() == 3) return {batch_, shape[0], shape[1], shape[2]};
  if (shape.size() == 2) return {batch_ * shape[0], shape[1]};
  return {batch_, static_cast<long>(elements(shape))};
}

void Builder::give_gradient(std::size_t node, const dnnl::memory& gradient) {
  dnnl::memory& sum = gradient_values_[node];
  if (!sum) {
    sum = gradient;
    return;
  }
  const Desc layout = sum.get_desc();
  const dnnl::memory other = program_.in_layout(gradient, layout);
  const dnnl::binary::primitive_desc desc({dnnl::algorithm::binary_add, layout, layout, layout}, Program::attributes(),
                                          engine());
  dnnl::memory result = program_.value(layout);
  program_.add(dnnl::binary(desc), desc, {{DNNL_ARG_SRC_0, sum}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, result}});
  sum = result;
}

dnnl::memory Builder::parameter(std::size_t tensor, const Dims& dims) const {
  return program_.external(row_major(dims, DataType::f32), parameters_[tensor].data());
}

dnnl::memory Builder::parameter_gradient(std::size_t tensor, const Dims& dims) const {
  return program_.external(row_major(dims, DataType::f32), (*gradients_)[tensor].data());
}

dnnl::memory Builder::buffer(std::size_t buffer) const {
  return program_.external(row_major({buffers_.spec(buffer).shape}, DataType::f32), buffers_[buffer].data());
}

Desc Builder::row_major(const Dims& dims, DataType type) {
  Dims strides(dims.size(), 1);
  for (std::size_t i = dims.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * dims[i];
  return {dims, type, strides};
}

dnnl::memory Builder::to_row_major(const dnnl::memory& value, DataType type) const {
  return program_.in_layout(value, row_major(value.get_desc().dims(), type));
}

dnnl::memory Builder::reshaped(const dnnl::memory& row_major_value, const Dims& dims) const {
  const Desc from = row_major_value.get_desc();
  return from.dims() == dims ? row_major_value : program_.view(row_major_value, row_major(dims, from.data_type()));
}

// Where the output is 0 the input was negative (or the gradient at the kink, which is taken to be 0).
dnnl::memory Builder::undo_relu(const dnnl::memory& output, const dnnl::memory& gradient) const {
  const Desc layout = output.get_desc();
  const dnnl::eltwise_forward::primitive_desc hint(
      {dnnl::prop_kind::forward_training, dnnl::algorithm::eltwise_relu_use_dst_for_bwd, layout, 0.0f}, engine());
  const dnnl::eltwise_backward::primitive_desc desc(
      {dnnl::algorithm::eltwise_relu_use_dst_for_bwd, layout, layout, 0.0f}, Program::attributes(), engine(), hint);
  const dnnl::memory after = program_.in_layout(gradient, layout);
  dnnl::memory before = program_.value(layout);
  program_.add(dnnl::eltwise_backward(desc), desc,
               {{DNNL_ARG_DST, output}, {DNNL_ARG_DIFF_DST, after}, {DNNL_ARG_DIFF_SRC, before}});
  return before;
}

dnnl::primitive_attr Builder::with_relu(bool relu) {
  dnnl::primitive_attr attributes = Program::attributes();
  if (relu) {
    dnnl::post_ops operations;
    operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
    attributes.set_post_ops(operations);
  }
  return attributes;
}

}  // namespace geomx::trainer
