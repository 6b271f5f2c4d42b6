#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "trainer/cpu/program/builder.h"
#include "trainer/model/graph.h"

namespace geomx::trainer {

// A node of the graph, or a chain of nodes that is computed at once, on its way into a program.
class Layer {
 public:
  virtual ~Layer() = default;
  // Appends what computes the chain's value, and returns where that is.
  virtual dnnl::memory forward(Builder& builder) = 0;
  // Appends what computes the gradients of its parameters and gives its inputs theirs, from the gradient of its value.
  virtual void backward(Builder& builder, const dnnl::memory& gradient) = 0;
};

// Nodes that follow each other, each the only one that reads the one before: an op, alone or with what it takes along.
// The last one's value is the chain's.
struct Chain {
  std::vector<std::size_t> nodes;
};

// How a graph is cut into chains, in the order of their first nodes:
//   convolution - ReLU - max-pool
//   convolution, linear, batch norm or add - ReLU
//   everything else by itself
std::vector<Chain> chains(const Graph& graph);

std::unique_ptr<Layer> make_layer(const Graph& graph, const Chain& chain);

// One file each. `relu`: the op's value goes through a ReLU.
std::unique_ptr<Layer> make_layer(const Node& node, const Convolution& op, bool relu);
std::unique_ptr<Layer> make_layer(const Node& node, const Linear& op, bool relu);
std::unique_ptr<Layer> make_layer(const Node& node, const BatchNorm& op, bool relu);
std::unique_ptr<Layer> make_layer(const Node& node, const Add& op, bool relu);
std::unique_ptr<Layer> make_layer(const Node& node, const Relu& op);
std::unique_ptr<Layer> make_layer(const Node& node, const Gelu& op);
std::unique_ptr<Layer> make_layer(const Node& node, const MaxPool& op);
std::unique_ptr<Layer> make_layer(const Node& node, const AveragePool& op);
std::unique_ptr<Layer> make_layer(const Node& node, const GlobalPool& op);
std::unique_ptr<Layer> make_layer(const Node& node, const GroupNorm& op);
std::unique_ptr<Layer> make_layer(const Node& node, const LayerNorm& op);
std::unique_ptr<Layer> make_layer(const Node& node, std::size_t index, const Dropout& op);
std::unique_ptr<Layer> make_layer(const Node& node, const Embedding& op);
std::unique_ptr<Layer> make_layer(const Node& node, const Attention& op);
// Convolution, ReLU and max-pool at once, or as primitives that follow each other.
std::unique_ptr<Layer> make_layer(const Node& convolution, const Convolution& op, const Node& pool, const MaxPool& how);
std::unique_ptr<Layer> make_layer_in_turn(const Node& convolution, const Convolution& op, const Node& pool,
                                          const MaxPool& how);

}  // namespace geomx::trainer
