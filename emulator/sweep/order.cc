#include "emulator/sweep/order.h"

#include <utility>

namespace geomx::sweep {
namespace {

constexpr int kBitsOfExactDoubles = 53;

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): the same numbers with every
// standard library.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t state) : state_(state) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace

std::uint64_t derived_seed(std::uint64_t seed, int repetition) {
  SplitMix numbers(seed);
  std::uint64_t derived = seed;
  for (int i = 1; i < repetition; ++i) derived = numbers.next() >> (64 - kBitsOfExactDoubles);
  return derived;
}

std::vector<Trial> trials_in_order(const std::vector<std::uint64_t>& seeds, int repeat) {
  std::vector<Trial> trials;
  for (std::size_t point = 0; point < seeds.size(); ++point) {
    for (int repetition = 1; repetition <= repeat; ++repetition) {
      trials.push_back({point, repetition, derived_seed(seeds[point], repetition)});
    }
  }
  return trials;
}

// Fisher and Yates's. A remainder in place of an even draw favours some orders by less than 2^-40.
std::vector<Trial> shuffled(std::vector<Trial> trials, std::uint64_t seed) {
  SplitMix numbers(~seed);  // others than the repetitions' seeds
  for (std::size_t left = trials.size(); left > 1; --left) {
    std::swap(trials[left - 1], trials[numbers.next() % left]);
  }
  return trials;
}

}  // namespace geomx::sweep
