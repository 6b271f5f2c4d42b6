#include "emulator/shaper/fates.h"

#include <cmath>
#include <numbers>
#include <random>

#include "emulator/shaper/jitter.h"

namespace geomx::shaper {
namespace {

std::uint64_t seed_of(const Direction& direction) {
  if (direction.seed) return *direction.seed;
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// The correlation of two Gaussians whose ranks are correlated by `rank` (Pearson, 1907): what is made of them by
// quantiles has the ranks of the one and any distribution that is asked for.
double latent_correlation(double rank) {
  return 2 * std::sin(std::numbers::pi * rank / 6);
}

}  // namespace

Fates::Fates(const Direction& direction)
    : direction_(direction),
      dice_(seed_of(direction)),
      latent_correlation_(latent_correlation(direction.correlation)) {}

void Fates::change(const Direction& direction) {
  if (direction.seed != direction_.seed) dice_ = Dice(seed_of(direction));
  direction_ = direction;
  latent_correlation_ = latent_correlation(direction.correlation);
}

PacketFate Fates::of(std::uint64_t index) {
  PacketFate fate;
  fate.lost = lost(index);
  if (direction_.jitter.count() > 0) fate.swing = swing(index);
  if (fate.lost) return fate;
  const auto hit = [&](double probability, Dice::Stream stream) {
    return probability > 0 && dice_.roll(stream, index) < probability;
  };
  fate.duplicated = hit(direction_.duplicate, Dice::Stream::duplicate);
  fate.reordered = hit(direction_.reorder, Dice::Stream::reorder);
  fate.corrupted = hit(direction_.corrupt, Dice::Stream::corrupt);
  return fate;
}

bool Fates::lost(std::uint64_t index) {
  if (!direction_.gilbert_elliott) {
    chain_at_ = index;
    return direction_.loss > 0 && dice_.roll(Dice::Stream::loss, index) < direction_.loss;
  }
  const GilbertElliott& model = *direction_.gilbert_elliott;
  for (; chain_at_ < index; ++chain_at_) {
    if (dice_.roll(Dice::Stream::state, chain_at_) < (bad_ ? model.r : model.p)) bad_ = !bad_;
  }
  return dice_.roll(Dice::Stream::loss, index) < (bad_ ? model.loss_bad : model.loss_good);
}

double Fates::swing(std::uint64_t index) {
  if (direction_.correlation == 0) {
    series_at_ = series_from_ = index + 1;
    return swing_at(direction_.distribution, dice_.roll(Dice::Stream::jitter, index));
  }
  const double innovation = std::sqrt(1 - latent_correlation_ * latent_correlation_);
  for (; series_at_ <= index; ++series_at_) {
    const double fresh = normal_quantile(dice_.roll(Dice::Stream::jitter, series_at_));
    latent_ = series_at_ == series_from_ ? fresh : latent_correlation_ * latent_ + innovation * fresh;
  }
  return swing_at(direction_.distribution, normal_below(latent_));
}

}  // namespace geomx::shaper
