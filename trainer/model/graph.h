#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "trainer/tensor/tensors.h"

// A network as data: a graph of ops, without weights and without a backend. All shapes here are those of one sample:
// {channels, height, width} for images, {positions} for tokens, {positions, width} for sequences, {features} for what
// is flat.
namespace geomx::trainer {

using Shape = std::vector<long>;

// What the network reads: images {channels, height, width}, or tokens {positions}, which are whole numbers held in
// floats.
struct Input {};

// kernel x kernel, zero padding on all sides. Parameters: weight {channels, in / groups, kernel, kernel} and bias
// {channels}. groups == in == channels makes it a depthwise convolution.
struct Convolution {
  int channels = 0;
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  int groups = 1;
  bool bias = true;
};

// Of images: fully connected to all of them, in CHW order. Of sequences: of each position by itself. Parameters: weight
// {units, in}, bias {units}.
struct Linear {
  int units = 0;
  bool bias = true;
};

struct Relu {};

// x * Phi(x), with erf. Hendrycks, Gimpel: "Gaussian Error Linear Units", 2016.
struct Gelu {};

// size x size windows; those that do not fit at the edge are dropped. The average counts no padding.
struct MaxPool {
  int size = 2;
  int stride = 2;
  int padding = 0;
};
struct AveragePool {
  int size = 2;
  int stride = 2;
  int padding = 0;
};

// The mean over height and width: {channels}.
struct GlobalPool {};

// Per channel of images. Training uses the batch's mean and biased variance and moves the running ones, the buffers
// `mean` and `variance` {channels}, by `momentum` towards the batch's (the variance's unbiased form, as PyTorch does);
// evaluation uses those. Ioffe, Szegedy: "Batch Normalization", 2015. Parameters, here and in the two norms below:
// weight and bias {channels} (LayerNorm: {width}).
struct BatchNorm {
  double momentum = 0.1;
  double epsilon = 1e-5;
};
// Of images, each sample by itself, per group of channels. Wu, He: "Group Normalization", 2018.
struct GroupNorm {
  int groups = 1;
  double epsilon = 1e-5;
};
// Over the last dimension. Ba, Kiros, Hinton: "Layer Normalization", 2016.
struct LayerNorm {
  double epsilon = 1e-5;
};

// In training each element is 0 with this probability, else scaled by 1 / (1 - share). Srivastava et al.: "Dropout",
// 2014. Which ones is a function of (seed, step, node, element).
struct Dropout {
  double share = 0.5;
};

// The sum of two values of the same shape.
struct Add {};

// Tokens {positions} become {positions, width}: a row of `weight` {vocabulary, width} each and, with `positions`, the
// row of `position` {positions, width} for where it stands. Tokens are below the vocabulary.
struct Embedding {
  int vocabulary = 0;
  int width = 0;
  bool positions = false;
};

// {positions, 3 * width} holds queries, keys and values, each `heads` times width / heads; the result, softmax(q k^T /
// sqrt(width / heads)) v, is {positions, width}. `causal`: a position sees none after it. No parameters. Vaswani et
// al.: "Attention is all you need", 2017.
struct Attention {
  int heads = 1;
  bool causal = true;
};

using Op = std::variant<Input, Convolution, Linear, Relu, Gelu, MaxPool, AveragePool, GlobalPool, BatchNorm, GroupNorm,
                        LayerNorm, Dropout, Add, Embedding, Attention>;

// "convolution", "linear", ..., as model files call it.
std::string_view kind_of(const Op& op);

struct Node {
  std::string name;  // unique: "conv1", "fc3"
  Op op;
  std::vector<std::size_t> inputs;  // earlier nodes
  Shape shape;                      // what it puts out
  std::size_t parameter = 0;        // its first in Graph::parameters()
  std::size_t buffer = 0;           // its first in Graph::buffers()
};

// Nodes in an order in which they can be computed; node 0 is the input, the last one puts out the logits, {classes} or
// {positions, classes}, of a softmax cross-entropy loss.
//
//   Graph graph("mlp", {1, 28, 28});
//   graph.chain(graph.input(), {Linear{1024}, Relu{}, Linear{10}});
class Graph {
 public:
  using Value = std::size_t;  // a node's index

  Graph(std::string name, Shape input);
  static Value input() { return 0; }
  // The new node's value. Without a name it is called after its op and counted: conv1, conv2, ... Throws Error naming
  // the node where the op does not fit its inputs' shapes.
  Value add(const Op& op, std::vector<Value> inputs, std::string name = {});
  // One after the other.
  Value chain(Value from, const std::vector<Op>& ops);

  const std::string& name() const { return name_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const Shape& input_shape() const { return nodes_.front().shape; }
  int classes() const;                    // the logits' last dimension
  std::size_t labels_per_sample() const;  // the product of their others
  // Learnt, in the order of the nodes: "conv1.weight", "conv1.bias", ...
  const std::vector<TensorSpec>& parameters() const { return parameters_; }
  // Running statistics, which each worker keeps for itself: "bn1.mean", "bn1.variance", ...
  const std::vector<TensorSpec>& buffers() const { return buffers_; }

 private:
  std::string name_;
  std::vector<Node> nodes_;
  std::vector<TensorSpec> parameters_;
  std::vector<TensorSpec> buffers_;
};

std::size_t elements(const Shape& shape);

// A table for people: node, op, output shape, parameters; then the sums.
std::string summary(const Graph& graph);

}  // namespace geomx::trainer
