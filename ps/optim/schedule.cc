#include "ps/optim/schedule.h"

#include <cmath>
#include <numbers>

namespace geomx::ps {

Schedule::Schedule(const proto::OptimizerConfig& config)
    : rate_(config.learning_rate()), schedule_(config.schedule()) {}

double Schedule::rate(std::uint64_t step) const {
  const std::uint64_t warmup = schedule_.warmup();
  if (step < warmup) return rate_ * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const std::uint64_t since = step - warmup;
  if (schedule_.name() == "step") {
    return rate_ * std::pow(schedule_.gamma(), static_cast<double>(since / schedule_.every()));
  }
  if (schedule_.name() == "cosine") {
    if (step >= schedule_.total()) return schedule_.floor();
    const double passed = static_cast<double>(since) / static_cast<double>(schedule_.total() - warmup);
    return schedule_.floor() + (rate_ - schedule_.floor()) / 2 * (1 + std::cos(std::numbers::pi * passed));
  }
  return rate_;
}

}  // namespace geomx::ps
