#pragma once

#include <span>

namespace geomx::ps {

struct DcasgdSettings {
  double learning_rate = 0;
  double weight_decay = 0;
  double lambda = 0.04;
};

// One step of delay-compensated asynchronous SGD (Zheng et al., "Asynchronous Stochastic Gradient Descent with Delay
// Compensation", ICML 2017): a gradient g that was computed at `previous`, and comes when the weights have moved on, is
// corrected by a first-order term in which g*g stands for the diagonal of the Hessian.
//
//   w' = w - learning_rate * (g + weight_decay*w + lambda * g*g * (w - previous)),  g = scale * gradient
//
// All have the same length; `updated` may be `weights`.
void dcasgd_step(const DcasgdSettings& settings, std::span<const float> weights, std::span<const float> previous,
                 std::span<const float> gradient, float scale, std::span<float> updated);

}  // namespace geomx::ps
