#include "emulator/sweep/predict.h"

namespace geomx::sweep {

std::optional<double> predicted_round_seconds(const scenario::Scenario& scenario) {
  if (!scenario.training || scenario.training->computes()) return std::nullopt;
  return std::nullopt;
}

}  // namespace geomx::sweep
