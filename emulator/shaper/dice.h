#pragma once

#include <cstdint>

// Counter-based randomness: the n-th draw is a function of (seed, n) alone, so that a packet's fate does not depend on
// how many packets were looked at together or by which thread. The mixer is SplitMix64's finalizer (Steele, Lea and
// Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
namespace geomx::shaper {

class Dice {
 public:
  enum class Stream : std::uint64_t { loss = 1, jitter, state, duplicate, reorder, corrupt, place };

  explicit Dice(std::uint64_t seed) : seed_(seed) {}

  // Uniform in [0, 1).
  double roll(Stream stream, std::uint64_t index) const {
    const std::uint64_t key = mix(seed_ + kGamma * static_cast<std::uint64_t>(stream));
    return static_cast<double>(mix(key + kGamma * index) >> 11) * 0x1p-53;
  }

 private:
  static constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t seed_;
};

}  // namespace geomx::shaper
