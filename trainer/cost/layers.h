#pragma once

#include <string>
#include <vector>

#include "trainer/cost/profile.h"

namespace geomx::trainer {

// A profile in the making, layer by layer from the input on: a layer's tensors, and the floating-point operations of
// its forward pass for one sample.
class Layers {
 public:
  void add(std::vector<TensorSpec> tensors, double operations);

  // PyTorch's names and shapes: weight {out, in, kernel, kernel} or {out, in}, bias {out}; 2 operations per
  // multiplication and addition. `places`: where the same weights are applied, pixels or tokens.
  void convolution(const std::string& name, long in, long out, long kernel, double places, bool bias);
  void linear(const std::string& name, long in, long out, double places = 1);
  // Weight and bias, with next to no operations: they go by the layer before.
  void norm(const std::string& name, long size);

  // Of a step of `batch_size` samples that takes so long.
  Profile profile(const std::string& name, const std::string& source, std::size_t batch_size, double step_ms) const;

 private:
  struct Layer {
    std::vector<TensorSpec> tensors;
    double operations;
  };
  std::vector<Layer> layers_;
};

}  // namespace geomx::trainer
