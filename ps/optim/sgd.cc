#include "ps/optim/sgd.h"

#include "ps/optim/saved_array.h"

namespace geomx::ps {

SgdSettings sgd_settings(const proto::OptimizerConfig& config) {
  return {config.momentum(), config.weight_decay(), config.nesterov()};
}

Sgd::Sgd(const SgdSettings& settings, const Schedule& schedule, std::size_t length)
    : settings_(settings), schedule_(schedule), momentum_(settings.momentum != 0 ? length : 0) {}

// `updated` may be `weights`, so neither is restrict; elementwise loops vectorise with a run-time check of the overlap.
void Sgd::step(std::span<const float> weights, std::span<const float> gradient, float scale, std::span<float> updated) {
  const auto learning_rate = static_cast<float>(schedule_.rate(before_ + steps_++));
  const auto weight_decay = static_cast<float>(settings_.weight_decay);
  const std::size_t n = weights.size();
  const float* w = weights.data();
  const float* g = gradient.data();
  float* out = updated.data();
  if (momentum_.empty()) {
    for (std::size_t i = 0; i < n; ++i) out[i] = w[i] - learning_rate * (scale * g[i] + weight_decay * w[i]);
    return;
  }
  const auto momentum = static_cast<float>(settings_.momentum);
  float* b = momentum_.data();
  if (settings_.nesterov) {
    for (std::size_t i = 0; i < n; ++i) {
      const float d = scale * g[i] + weight_decay * w[i];
      b[i] = momentum * b[i] + d;
      out[i] = w[i] - learning_rate * (d + momentum * b[i]);
    }
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    b[i] = momentum * b[i] + (scale * g[i] + weight_decay * w[i]);
    out[i] = w[i] - learning_rate * b[i];
  }
}

void Sgd::save(proto::StepState& state) const {
  state.set_steps(steps_);
  state.set_before(before_);
  state.add_arrays(saved(momentum_));
}
void Sgd::restore(const proto::StepState& state) {
  load(array_of(state, 0), momentum_);
  steps_ = state.steps();
  before_ = state.before();
}

}  // namespace geomx::ps
