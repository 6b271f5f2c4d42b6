#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ps/proto/checkpoint.pb.h"

namespace geomx::ps {

// The outer step of algorithms whose workers train by themselves for a while: SGD with Nesterov momentum along what
// they have learnt, d, the mean of their differences (DiLoCo: Douillard et al., "DiLoCo: Distributed Low-Communication
// Training of Language Models", 2023, whose outer gradient is -d; the form is PyTorch's).
//
//   b = momentum*b + scale*d;  w' = w + rate * (scale*d + momentum*b)
//
// With momentum 0 and rate 1 it is the mean itself (HFA), with another rate ESync's global step.
//
// Threading: one thread at a time.
class Nesterov {
 public:
  Nesterov(double rate, double momentum, std::size_t length);
  // All have that length; `updated` may be `weights`.
  void step(std::span<const float> weights, std::span<const float> learnt, float scale, std::span<float> updated);
  void save(proto::StepState& state) const;
  void restore(const proto::StepState& state);  // throws Error

 private:
  float rate_;
  float momentum_;
  std::vector<float> velocity_;  // b; empty without momentum
};

}  // namespace geomx::ps
