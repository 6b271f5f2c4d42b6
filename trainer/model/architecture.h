#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "trainer/tensor/image_shape.h"
#include "trainer/tensor/tensors.h"

// A feed-forward network for classification, described as data: pure, no backend. The last layer's units are the logits
// of a softmax cross-entropy loss.
namespace geomx::trainer {

// kernel x kernel, stride 1, no padding.
struct Convolution {
  int channels;
  int kernel;
  bool relu;
};
// size x size windows that do not overlap; a remainder at the edge is dropped.
struct MaxPool {
  int size;
};
// Fully connected to everything before it, in CHW order.
struct Dense {
  int units;
  bool relu;
};
using Layer = std::variant<Convolution, MaxPool, Dense>;

struct Architecture {
  std::string name;
  ImageShape input;
  std::vector<Layer> layers;

  // One entry per layer: what it puts out. Dense layers put out {units, 1, 1}. Throws Error where a layer does not fit.
  std::vector<ImageShape> outputs() const;
  // Weight and bias of each layer that has them, from the input on: "conv1.weight", "conv1.bias", ..., "fc3.bias".
  std::vector<TensorSpec> parameters() const;
  int classes() const;
};

// The network `name` for images of that shape. Throws Error for an unknown name.
//   cnn: conv 16 5x5 - ReLU - maxpool 2 - conv 32 5x5 - ReLU - maxpool 2 - fc 256 - ReLU - fc 128 - ReLU - fc classes;
//   178,762 parameters in 10 tensors for 1x28x28.
Architecture make_model(const std::string& name, ImageShape input, int classes);

// A table for people: layer, output shape, parameters.
std::string summary(const Architecture& model);

}  // namespace geomx::trainer
