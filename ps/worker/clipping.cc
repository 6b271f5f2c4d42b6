#include "ps/worker/clipping.h"

#include <algorithm>
#include <cmath>

namespace geomx::ps {

Clipping::Clipping(const proto::OptimizerConfig& config, std::size_t tensors)
    : most_norm_(config.clip_norm()), most_value_(static_cast<float>(config.clip_value())), clipped_(tensors) {
  taken_.reserve(tensors);
}

std::span<const float> Clipping::by_value(std::uint32_t key, std::span<const float> gradient) {
  std::vector<float>& clipped = clipped_.at(key);
  clipped.resize(gradient.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const float value = gradient[i];
    clipped[i] = std::isfinite(value) ? std::clamp(value, -most_value_, most_value_) : value;
  }
  return clipped;
}

void Clipping::take(std::uint32_t key, std::span<const float> gradient, const PassOn& pass_on) {
  if (most_value_ > 0) gradient = by_value(key, gradient);
  if (most_norm_ == 0) return pass_on(key, gradient);
  taken_.push_back({key, gradient});
  if (taken_.size() < clipped_.size()) return;
  by_norm(pass_on);
  taken_.clear();
}

// Double precision: the squares of float32 neither overflow nor vanish in it.
void Clipping::by_norm(const PassOn& pass_on) {
  double squares = 0;
  for (const Taken& taken : taken_) {
    for (const float value : taken.gradient) squares += static_cast<double>(value) * value;
  }
  const double norm = std::sqrt(squares);
  const bool scales = std::isfinite(norm) && norm > most_norm_;
  const auto scale = static_cast<float>(scales ? most_norm_ / norm : 1);
  for (const Taken& taken : taken_) {
    if (!scales) {
      pass_on(taken.key, taken.gradient);
      continue;
    }
    std::vector<float>& clipped = clipped_.at(taken.key);
    clipped.resize(taken.gradient.size());
    for (std::size_t i = 0; i < clipped.size(); ++i) clipped[i] = scale * taken.gradient[i];
    pass_on(taken.key, clipped);
  }
}

}  // namespace geomx::ps
