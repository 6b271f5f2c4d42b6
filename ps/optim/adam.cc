#include "ps/optim/adam.h"

#include <cmath>

#include "ps/optim/saved_array.h"

namespace geomx::ps {

AdamSettings adam_settings(const proto::OptimizerConfig& config) {
  AdamSettings settings;
  settings.weight_decay = config.weight_decay();
  settings.decoupled = config.name() == "adamw";
  if (config.has_beta1()) settings.beta1 = config.beta1();
  if (config.has_beta2()) settings.beta2 = config.beta2();
  if (config.has_epsilon()) settings.epsilon = config.epsilon();
  return settings;
}

Adam::Adam(const AdamSettings& settings, const Schedule& schedule, std::size_t length)
    : settings_(settings), schedule_(schedule), mean_(length), variance_(length) {}

// PyTorch's form of the update: the bias corrections are folded into the step size and into the root's divisor.
void Adam::step(std::span<const float> weights, std::span<const float> gradient, float scale,
                std::span<float> updated) {
  const double learning_rate = schedule_.rate(before_ + steps_++);
  const auto t = static_cast<double>(steps_);
  const auto beta1 = static_cast<float>(settings_.beta1);
  const auto beta2 = static_cast<float>(settings_.beta2);
  const auto rest1 = static_cast<float>(1 - settings_.beta1);
  const auto rest2 = static_cast<float>(1 - settings_.beta2);
  const auto step_size = static_cast<float>(learning_rate / (1 - std::pow(settings_.beta1, t)));
  const auto root_correction = static_cast<float>(std::sqrt(1 - std::pow(settings_.beta2, t)));
  const auto epsilon = static_cast<float>(settings_.epsilon);
  // Either in the gradient (L2) or, decoupled, straight from the weights.
  const auto weight_decay = static_cast<float>(settings_.decoupled ? 0 : settings_.weight_decay);
  const auto kept = static_cast<float>(settings_.decoupled ? 1 - learning_rate * settings_.weight_decay : 1);
  const std::size_t n = weights.size();
  const float* w = weights.data();
  const float* g = gradient.data();
  float* out = updated.data();
  float* m = mean_.data();
  float* v = variance_.data();
  for (std::size_t i = 0; i < n; ++i) {
    const float d = scale * g[i] + weight_decay * w[i];
    m[i] = beta1 * m[i] + rest1 * d;
    v[i] = beta2 * v[i] + rest2 * d * d;
    out[i] = kept * w[i] - step_size * (m[i] / (std::sqrt(v[i]) / root_correction + epsilon));
  }
}

void Adam::save(proto::StepState& state) const {
  state.set_steps(steps_);
  state.set_before(before_);
  state.add_arrays(saved(mean_));
  state.add_arrays(saved(variance_));
}
void Adam::restore(const proto::StepState& state) {
  load(array_of(state, 0), mean_);
  load(array_of(state, 1), variance_);
  steps_ = state.steps();
  before_ = state.before();
}

}  // namespace geomx::ps
