#pragma once

#include <vector>

#include "ps/optim/optimizer.h"
#include "ps/optim/schedule.h"

namespace geomx::ps {

struct SgdSettings {
  double momentum = 0;
  double weight_decay = 0;
  bool nesterov = false;
};
SgdSettings sgd_settings(const proto::OptimizerConfig& config);

// Stochastic gradient descent with heavy-ball or Nesterov momentum (optimizer.h).
class Sgd : public Optimizer {
 public:
  Sgd(const SgdSettings& settings, const Schedule& schedule, std::size_t length);
  void step(std::span<const float> weights, std::span<const float> gradient, float scale,
            std::span<float> updated) override;
  void begin_at(std::uint64_t step) override { before_ = step; }
  void save(proto::StepState& state) const override;
  void restore(const proto::StepState& state) override;

 private:
  SgdSettings settings_;
  Schedule schedule_;
  std::uint64_t before_ = 0;
  std::uint64_t steps_ = 0;
  // Zero before the first step, so that momentum*0 + d = d as PyTorch has it. Empty without momentum.
  std::vector<float> momentum_;
};

}  // namespace geomx::ps
