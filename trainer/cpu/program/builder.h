#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "trainer/cpu/program/program.h"
#include "trainer/model/graph.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

using Dims = dnnl::memory::dims;
using Tag = dnnl::memory::format_tag;
using Desc = dnnl::memory::desc;
using DataType = dnnl::memory::data_type;

// What a step changes besides the parameters; operations read it while they run.
struct StepState {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

// A graph on its way into a program: which memory holds which node's value and gradient, what the parameters are, and
// what several ops need. A node's value is {batch, channels, height, width} for images, {batch x positions, width} for
// sequences, {batch, features} else; its layout is whatever the op that makes it likes best.
class Builder {
 public:
  // Keeps references. `gradients` null: forward only, as evaluation wants it. `type`: what activations are held in, f32
  // or bf16.
  Builder(const Graph& graph, std::size_t batch, DataType type, Program& program, Tensors& parameters,
          Tensors* gradients, Tensors& buffers, const StepState& state);

  const Graph& graph() const { return graph_; }
  Program& program() const { return program_; }
  const dnnl::engine& engine() const { return program_.engine(); }
  const StepState& state() const { return state_; }
  bool training() const { return gradients_ != nullptr; }
  long batch() const { return batch_; }
  DataType type() const { return type_; }
  dnnl::prop_kind propagation() const;

  // The forward values. input() is in the type of activations.
  void set_value(std::size_t node, const dnnl::memory& value) { values_[node] = value; }
  const dnnl::memory& value(std::size_t node) const { return values_[node]; }
  dnnl::memory input(const Node& node, std::size_t which = 0);
  Dims dims(const Shape& shape) const;

  // The gradients of the loss with respect to values. What is given to a node several times is added up.
  bool wants_gradient(std::size_t node) const { return wanted_[node]; }
  void give_gradient(std::size_t node, const dnnl::memory& gradient);
  const dnnl::memory& gradient(std::size_t node) const { return gradient_values_[node]; }

  // Parameters, their gradients and running statistics, canonical fp32, seen as having these dimensions.
  dnnl::memory parameter(std::size_t tensor, const Dims& dims) const;
  dnnl::memory parameter_gradient(std::size_t tensor, const Dims& dims) const;
  dnnl::memory buffer(std::size_t buffer) const;

  // Layouts: any that a primitive likes; row-major.
  Desc any(const Dims& dims) const { return {dims, type_, Tag::any}; }
  static Desc row_major(const Dims& dims, DataType type);
  dnnl::memory to_row_major(const dnnl::memory& value, DataType type) const;
  // A row-major value with other dimensions.
  dnnl::memory reshaped(const dnnl::memory& row_major, const Dims& dims) const;

  // The gradient before a ReLU, from the one after it and what the ReLU put out: 0 where that is 0.
  dnnl::memory undo_relu(const dnnl::memory& output, const dnnl::memory& gradient) const;
  // Attributes with a ReLU after the primitive, where it is wanted.
  static dnnl::primitive_attr with_relu(bool relu);

 private:
  const Graph& graph_;
  long batch_;
  DataType type_;
  Program& program_;
  Tensors& parameters_;
  Tensors* gradients_;
  Tensors& buffers_;
  const StepState& state_;
  std::vector<dnnl::memory> values_;
  std::vector<dnnl::memory> gradient_values_;
  std::vector<bool> wanted_;
};

}  // namespace geomx::trainer
