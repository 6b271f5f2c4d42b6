#pragma once

#include <cstdint>
#include <vector>

#include "ps/optim/optimizer.h"

namespace geomx::ps {

struct AdamSettings {
  double learning_rate = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;  // weight decay: AdamW
};
AdamSettings adam_settings(const proto::OptimizerConfig& config);

// Kingma & Ba 2015, algorithm 1, and AdamW (optimizer.h).
class Adam : public Optimizer {
 public:
  Adam(const AdamSettings& settings, std::size_t length);
  void step(std::span<const float> weights, std::span<const float> gradient, float scale,
            std::span<float> updated) override;
  void save(proto::StepState& state) const override;
  void restore(const proto::StepState& state) override;

 private:
  AdamSettings settings_;
  std::uint64_t steps_ = 0;
  std::vector<float> mean_;      // first moment, m
  std::vector<float> variance_;  // second raw moment, v
};

}  // namespace geomx::ps
