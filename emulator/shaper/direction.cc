#include "emulator/shaper/direction.h"

#include <algorithm>
#include <cmath>

#include "emulator/shaper/jitter.h"

namespace geomx::shaper {
namespace {

Nanoseconds scaled(Nanoseconds time, double factor) {
  return Nanoseconds(std::llround(static_cast<double>(time.count()) * factor));
}

}  // namespace

double mean_loss(const Direction& direction) {
  if (!direction.gilbert_elliott) return direction.loss;
  const GilbertElliott& model = *direction.gilbert_elliott;
  if (model.p == 0) return model.loss_good;
  const double bad = model.p / (model.p + model.r);
  return bad * model.loss_bad + (1 - bad) * model.loss_good;
}

double loss_deviation(const Direction& direction, double packets) {
  const double mean = mean_loss(direction);
  double variance = mean * (1 - mean);
  if (direction.gilbert_elliott && direction.gilbert_elliott->p > 0) {
    const GilbertElliott& model = *direction.gilbert_elliott;
    // Of a sum over a Markov chain whose states are correlated by l^k over k steps: each pair adds its covariance.
    const double bad = model.p / (model.p + model.r);
    const double l = 1 - model.p - model.r;
    const double states = bad * (1 - bad) * (model.loss_bad - model.loss_good) * (model.loss_bad - model.loss_good);
    if (l < 1) variance += 2 * states * l / (1 - l);
  }
  return std::sqrt(std::max(variance, 0.0) / packets);
}

Nanoseconds mean_delay(const Direction& direction) {
  return scaled(direction.delay, 1 - direction.reorder);
}

Nanoseconds largest_swing(const Direction& direction) {
  return scaled(direction.jitter, highest_swing(direction.distribution));
}

Nanoseconds shortest_delay(const Direction& direction) {
  if (direction.reorder > 0) return Nanoseconds(0);
  return std::max(direction.delay + scaled(direction.jitter, lowest_swing(direction.distribution)), Nanoseconds(0));
}

std::optional<BitsPerSecond> peak_rate(const Direction& direction) {
  return direction.trace ? direction.trace->peak() : direction.rate;
}

}  // namespace geomx::shaper
