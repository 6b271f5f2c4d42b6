#pragma once

#include <cstdint>

#include "emulator/shaper/dice.h"
#include "emulator/shaper/direction.h"

// What chance does to the packets of one direction, apart from queue and rate: loss, duplication, reordering,
// corruption and jitter. Pure, and a function of (seed, index of the packet) alone.
namespace geomx::shaper {

struct PacketFate {
  bool lost = false;
  bool duplicated = false;
  bool reordered = false;
  bool corrupted = false;
  double swing = 0;  // of the delay, in units of the jitter
};

class Fates {
 public:
  // A direction without a seed gets one from std::random_device.
  explicit Fates(const Direction& direction);
  // The chains go on from where they are; a new seed begins a new series of rolls.
  void change(const Direction& direction);

  // Whether any packet may fare otherwise than the others.
  bool any() const { return direction_.random(); }
  // Whether each packet has a delay of its own.
  bool own_delays() const { return direction_.jitter.count() > 0 || direction_.reorder > 0; }

  // REQUIRES: an index no less than the last. Those between are passed over, as packets that the queue dropped; the
  // time this takes grows with their number only where packets depend on each other (bursts, correlation).
  PacketFate of(std::uint64_t index);
  // Uniform in [0, 1): where a corrupted packet is hit.
  double place(std::uint64_t index) const { return dice_.roll(Dice::Stream::place, index); }

 private:
  bool lost(std::uint64_t index);
  double swing(std::uint64_t index);

  Direction direction_;
  Dice dice_;
  double latent_correlation_ = 0;
  // Gilbert-Elliott: the state that packet `chain_at_` meets.
  bool bad_ = false;
  std::uint64_t chain_at_ = 0;
  // Correlated jitter: a Gaussian autoregression from packet `series_from_` on; the one before `series_at_` had
  // `latent_`.
  double latent_ = 0;
  std::uint64_t series_from_ = 0;
  std::uint64_t series_at_ = 0;
};

}  // namespace geomx::shaper
