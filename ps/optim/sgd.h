#pragma once

#include <vector>

#include "ps/optim/optimizer.h"

namespace geomx::ps {

struct SgdSettings {
  double learning_rate = 0;
  double momentum = 0;
  double weight_decay = 0;
};
SgdSettings sgd_settings(const proto::OptimizerConfig& config);

// Stochastic gradient descent with heavy-ball momentum (optimizer.h).
class Sgd : public Optimizer {
 public:
  Sgd(const SgdSettings& settings, std::size_t length);
  void step(std::span<const float> weights, std::span<const float> gradient, float scale,
            std::span<float> updated) override;
  void save(proto::StepState& state) const override;
  void restore(const proto::StepState& state) override;

 private:
  SgdSettings settings_;
  // Zero before the first step, so that momentum*0 + d = d as PyTorch has it. Empty without momentum.
  std::vector<float> momentum_;
};

}  // namespace geomx::ps
