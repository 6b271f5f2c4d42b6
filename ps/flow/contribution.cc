#include "ps/flow/contribution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace geomx::ps {

void Contribution::update(std::span<const float> gradient) {
  for (std::size_t block = 0; block < values_.size(); ++block) {
    const Run run = blocks_.run(block);
    double sum = 0;
    for (const float value : gradient.subspan(run.begin, run.count)) sum += std::abs(static_cast<double>(value));
    const double value = alpha_ * values_[block] + (1 - alpha_) * sum / static_cast<double>(run.count);
    // What is not finite goes first, and reliably: the server is to say so.
    values_[block] = std::isfinite(value) ? value : std::numeric_limits<double>::max();
  }
}

std::vector<std::size_t> Contribution::ranking() const {
  std::vector<std::size_t> order(values_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [this](std::size_t a, std::size_t b) { return values_[a] > values_[b]; });
  return order;
}

double Share::at(std::optional<double> loss) {
  if (!adapts_) return k0_;
  if (loss && std::isfinite(*loss) && *loss > 0 && !first_loss_) first_loss_ = *loss;
  if (!loss || !std::isfinite(*loss) || !first_loss_) return k0_;
  return std::clamp(k0_ * *loss / *first_loss_, k_min_, 1.0);
}

std::size_t Share::blocks(double share, std::size_t count) {
  const double wanted = std::ceil(share * static_cast<double>(count) - 1e-9);
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(wanted, 0.0)), std::min<std::size_t>(count, 1),
                                 count);
}

}  // namespace geomx::ps
