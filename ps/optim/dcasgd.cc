#include "ps/optim/dcasgd.h"

#include <cstddef>

namespace geomx::ps {

void dcasgd_step(const DcasgdSettings& settings, std::span<const float> weights, std::span<const float> previous,
                 std::span<const float> gradient, float scale, std::span<float> updated) {
  const auto learning_rate = static_cast<float>(settings.learning_rate);
  const auto weight_decay = static_cast<float>(settings.weight_decay);
  const auto lambda = static_cast<float>(settings.lambda);
  const float* w = weights.data();
  const float* before = previous.data();
  float* out = updated.data();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float g = scale * gradient[i];
    out[i] = w[i] - learning_rate * (g + weight_decay * w[i] + lambda * g * g * (w[i] - before[i]));
  }
}

}  // namespace geomx::ps
