#include "trainer/cost/layers.h"

#include <utility>

namespace geomx::trainer {
namespace {

// The backward pass computes two products of a layer's size where the forward pass computes one: the gradients of its
// weights and of its inputs.
constexpr double kForwardShare = 1.0 / 3;

constexpr double kPerProduct = 2;  // operations: a multiplication and an addition

}  // namespace

void Layers::add(std::vector<TensorSpec> tensors, double operations) {
  layers_.push_back({std::move(tensors), operations});
}

void Layers::convolution(const std::string& name, long in, long out, long kernel, double places, bool bias) {
  std::vector<TensorSpec> tensors{{name + ".weight", {out, in, kernel, kernel}}};
  const double operations = kPerProduct * places * static_cast<double>(tensors[0].size());
  if (bias) tensors.push_back({name + ".bias", {out}});
  add(std::move(tensors), operations);
}

void Layers::linear(const std::string& name, long in, long out, double places) {
  add({{name + ".weight", {out, in}}, {name + ".bias", {out}}},
      kPerProduct * places * static_cast<double>(in) * static_cast<double>(out));
}

void Layers::norm(const std::string& name, long size) {
  add({{name + ".weight", {size}}, {name + ".bias", {size}}}, 0);
}

Profile Layers::profile(const std::string& name, const std::string& source, std::size_t batch_size,
                        double step_ms) const {
  double operations = 0;
  for (const Layer& layer : layers_) operations += layer.operations;
  Profile profile{name, source, batch_size, {}};
  for (const Layer& layer : layers_) {
    for (const TensorSpec& spec : layer.tensors) profile.tensors.push_back({spec, 0, 0});
    const double time = step_ms * layer.operations / operations;
    profile.tensors.back().forward_ms = kForwardShare * time;
    profile.tensors.back().backward_ms = (1 - kForwardShare) * time;
  }
  return profile;
}

}  // namespace geomx::trainer
