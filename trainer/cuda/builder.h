#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/cuda/program.h"

namespace geomx::trainer::cuda {

// Makes a Program of a Graph: forward() in the order of the nodes, then backward() in the opposite one. A ReLU that is
// the only reader of a convolution, linear layer, batch norm or sum becomes part of that node's last kernel.
class Builder {
 public:
  Builder(const Graph& graph, std::size_t batch, Number number, bool training);
  Program build();

 private:
  // What a node's forward pass leaves for the backward one.
  struct Kept {
    ValueId in = kNone, out = kNone;  // out: after a ReLU that became part of it
    ValueId weight = kNone;           // as the kernels want it
    ValueId statistics = kNone, where = kNone;
    ValueId queries = kNone, keys = kNone, values = kNone, shares = kNone;
    ValueId output_of_relu() const { return relu ? out : kNone; }
    bool relu = false;   // a ReLU is part of it
    bool fused = false;  // is a ReLU that is part of the node before
  };
  // A weight {outputs, inputs, spots} that is {outputs, spots, inputs} inside.
  struct WeightShape {
    Index outputs, inputs, spots;
    bool same() const { return inputs == 1 || spots == 1; }
    std::size_t size() const { return std::size_t{outputs} * inputs * spots; }
  };

  void forward(std::size_t node);
  void forward(std::size_t node, const Convolution& op);
  void forward(std::size_t node, const Linear& op);
  void forward(std::size_t node, const BatchNorm& op);
  void forward(std::size_t node, const Embedding& op);
  void forward(std::size_t node, const Attention& op);
  void forward_group_norm(std::size_t node, const GroupShape& shape, double epsilon);
  void forward_dropout(std::size_t node, const Dropout& op);
  template <typename Op>
  void forward_pool(std::size_t node, const Op& op, Pool pool);
  void loss();

  void backward(std::size_t node);
  void backward(std::size_t node, const Convolution& op, ValueId gradient);
  void backward(std::size_t node, const Linear& op, ValueId gradient);
  void backward(std::size_t node, const BatchNorm& op, ValueId gradient);
  void backward(std::size_t node, const Embedding& op, ValueId gradient);
  void backward(std::size_t node, const Attention& op, ValueId gradient);
  void backward_group_norm(std::size_t node, const GroupShape& shape, ValueId gradient);
  template <typename Op>
  void backward_pool(std::size_t node, const Op& op, Pool pool, ValueId gradient);
  // `gradient` before the ReLU that is part of the node, if there is one.
  ValueId before_relu(std::size_t node, ValueId gradient);
  // Adds to the gradient of what the node put out.
  void contribute(std::size_t node, ValueId gradient);

  // Values.
  ValueId value(const std::string& name, std::size_t elements, std::size_t size);
  ValueId activation(const std::string& name, std::size_t elements);
  ValueId floats(const std::string& name, std::size_t elements);
  ValueId part(ValueId whole, const std::string& name, std::size_t elements, std::size_t index);
  ValueId outside(Home home, const std::string& name, std::size_t bytes, std::size_t offset);
  std::size_t parameters_end(std::size_t node) const;  // one past the node's last
  ValueId parameter(std::size_t node, std::size_t which);
  ValueId gradient_of(std::size_t node, std::size_t which);
  ValueId buffer(std::size_t node, std::size_t which);

  // Steps.
  void add(Step step, std::vector<ValueId> reads, std::vector<ValueId> writes, ValueId over = kNone);
  ValueId map(Function function, ValueId first, ValueId second, std::size_t elements, const std::string& name);
  ValueId inner_weight(std::size_t node, const WeightShape& shape);
  ValueId cast_bias(std::size_t node);
  void product(ProductStep step);
  void column_sum(ValueId in, std::size_t rows, std::size_t columns, ValueId out);
  void norm_gradients(std::size_t node, ValueId gradient, std::size_t rows, const StatisticsOf& which);
  // `from`, {outputs, spots, inputs}, to the node's weight gradient.
  void finish_weight(std::size_t node, const WeightShape& shape, ValueId from, Number number);

  const Node& node(std::size_t index) const { return graph_.nodes()[index]; }
  const Shape& input_of(std::size_t index) const { return graph_.nodes()[node(index).inputs.front()].shape; }
  std::size_t elements_of(const Shape& shape) const { return batch_ * elements(shape); }
  std::size_t rows_of(const Shape& shape) const { return elements_of(shape) / channels_of(shape); }
  static std::size_t channels_of(const Shape& shape) {
    return static_cast<std::size_t>(shape.size() == 3 ? shape[0] : shape.back());
  }
  bool learns(std::size_t index) const { return learns_[index]; }
  bool is_product(const Convolution& op) const;
  Groups geometry(std::size_t node, const Convolution& op) const;
  template <typename Op>
  Windows windows(std::size_t node, const Op& op, int size) const;
  GroupShape layer_shape(std::size_t node) const;
  GroupShape group_shape(std::size_t node, int groups) const;

  const Graph& graph_;
  std::size_t batch_;
  Number number_;
  bool training_;
  std::vector<std::size_t> parameter_offsets_;
  std::vector<std::size_t> buffer_offsets_;
  std::vector<std::vector<std::size_t>> readers_;  // of each node
  std::vector<bool> learns_;                       // it or one before it has parameters
  std::vector<Kept> kept_;
  std::vector<ValueId> gradients_;  // of what each node puts out
  std::size_t current_ = 0;         // the node whose steps are being added
  Program program_;
};

// How many parts the rows of a sum are divided into: enough to fill a card, not so many that the parts are the work.
Index slices_for(std::size_t rows, std::size_t columns);

}  // namespace geomx::trainer::cuda
