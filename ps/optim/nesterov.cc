#include "ps/optim/nesterov.h"

#include "ps/optim/saved_array.h"

namespace geomx::ps {

Nesterov::Nesterov(double rate, double momentum, std::size_t length)
    : rate_(static_cast<float>(rate)), momentum_(static_cast<float>(momentum)), velocity_(momentum != 0 ? length : 0) {}

void Nesterov::step(std::span<const float> weights, std::span<const float> learnt, float scale,
                    std::span<float> updated) {
  const float* w = weights.data();
  const float* d = learnt.data();
  float* out = updated.data();
  const std::size_t n = weights.size();
  if (velocity_.empty()) {
    for (std::size_t i = 0; i < n; ++i) out[i] = w[i] + rate_ * (scale * d[i]);
    return;
  }
  float* b = velocity_.data();
  for (std::size_t i = 0; i < n; ++i) {
    b[i] = momentum_ * b[i] + scale * d[i];
    out[i] = w[i] + rate_ * (scale * d[i] + momentum_ * b[i]);
  }
}

void Nesterov::save(proto::StepState& state) const {
  state.add_arrays(saved(velocity_));
}
void Nesterov::restore(const proto::StepState& state) {
  load(array_of(state, 0), velocity_);
}

}  // namespace geomx::ps
