#pragma once

#include <cstdint>
#include <vector>

#include "ps/optim/optimizer.h"
#include "ps/optim/schedule.h"

namespace geomx::ps {

struct AdamSettings {
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
  Adam(const AdamSettings& settings, const Schedule& schedule, std::size_t length);
  void step(std::span<const float> weights, std::span<const float> gradient, float scale,
            std::span<float> updated) override;
  void begin_at(std::uint64_t step) override { before_ = step; }
  void save(proto::StepState& state) const override;
  void restore(const proto::StepState& state) override;

 private:
  AdamSettings settings_;
  Schedule schedule_;
  std::uint64_t before_ = 0;
  std::uint64_t steps_ = 0;      // of these moments: what the bias corrections go by
  std::vector<float> mean_;      // first moment, m
  std::vector<float> variance_;  // second raw moment, v
};

}  // namespace geomx::ps
