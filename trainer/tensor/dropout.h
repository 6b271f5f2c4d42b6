#pragma once

#include <cstdint>

#include "trainer/tensor/random.h"

// Which elements dropout keeps: a function of (seed, step, node, element), so that a job that was interrupted goes on
// as it would have, and every device draws the same. `element` counts the node's value of the whole batch in canonical
// order: sample by sample, each {channels, height, width}.
namespace geomx::trainer {

struct DropoutKey {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
};

inline DropoutKey dropout_key(std::uint64_t seed, std::uint64_t step, std::uint64_t node) {
  const std::uint64_t key = Random(seed, step, node).next();
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

// Kept where the draw is at least this: the nearest of 2^32 parts.
inline std::uint32_t dropout_threshold(double share) {
  return static_cast<std::uint32_t>(share * 4294967296.0);
}

// Uniform in 32 bits: two rounds of the finaliser of MurmurHash3, which is a bijection, keyed in between. In 32 bits
// because vector units multiply those.
constexpr std::uint32_t dropout_mix(std::uint32_t h) {
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  return h ^ (h >> 16);
}
constexpr std::uint32_t dropout_draw(DropoutKey key, std::uint32_t element) {
  return dropout_mix(dropout_mix(element + key.low) ^ key.high);
}

}  // namespace geomx::trainer
