#pragma once

#include <cstdint>

namespace geomx::trainer {

// The one source of randomness: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators",
// 2014). Fixed here, because the distributions of <random> and std::shuffle differ between standard libraries, and the
// same seed must give the same training everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // An independent stream per purpose: Random(seed, slice, epoch).
  template <typename... More>
  explicit Random(std::uint64_t seed, std::uint64_t first, More... more)
      : Random(Random(seed).next() ^ first, more...) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  // Uniform in [0, bound), without bias; bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t threshold = -bound % bound;  // 2^64 mod bound: the values that would be one too many
    std::uint64_t value = next();
    while (value < threshold) value = next();
    return value % bound;
  }

  // Uniform in [low, high), 24 bits of resolution.
  float uniform(float low, float high) { return low + (high - low) * (static_cast<float>(next() >> 40) * 0x1p-24f); }

 private:
  std::uint64_t state_;
};

}  // namespace geomx::trainer
