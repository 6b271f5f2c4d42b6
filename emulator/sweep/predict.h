#pragma once

#include <optional>

#include "emulator/scenario/scenario.h"

namespace geomx::sweep {

// Seconds of a round of workers that compute nothing, by a closed form of bytes, rates, delays and computing.
// nullopt: a job that it does not hold for. Pure.
std::optional<double> predicted_round_seconds(const scenario::Scenario& scenario);

}  // namespace geomx::sweep
