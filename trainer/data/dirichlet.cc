#include "trainer/data/dirichlet.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::uint64_t kStream = 0x646972696368ull;  // apart from what else the seed is for
constexpr double kWhole = 0x1p32;  // a class's share as a whole number, so that all draws are exact everywhere

// Uniform in (0, 1).
double uniform(Random& random) {
  return (static_cast<double>(random.next() >> 11) + 0.5) * 0x1p-53;
}

// Box, Muller: "A note on the generation of random normal deviates", 1958.
double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

// An index, with a probability in proportion to its weight. REQUIRES: a weight above 0.
std::size_t draw(Random& random, std::span<const std::uint64_t> weights) {
  std::uint64_t left = random.below(std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}));
  std::size_t index = 0;
  while (left >= weights[index]) left -= weights[index++];
  return index;
}

}  // namespace

double log_gamma_sample(Random& random, double shape) {
  // Gamma(a) is Gamma(a + 1) times U^(1 / a).
  if (shape < 1) return log_gamma_sample(random, shape + 1) + std::log(uniform(random)) / shape;
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = normal(random);
    const double t = 1 + c * x;
    if (t <= 0) continue;
    const double v = t * t * t;
    if (std::log(uniform(random)) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v);
  }
}

std::vector<double> dirichlet_sample(Random& random, std::span<const double> parameters) {
  std::vector<double> shares(parameters.size(), -HUGE_VAL);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (parameters[i] > 0) shares[i] = log_gamma_sample(random, parameters[i]);
  }
  const double largest = *std::ranges::max_element(shares);
  for (double& share : shares) share = std::exp(share - largest);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

std::vector<std::vector<std::uint32_t>> deal_by_dirichlet(std::span<const std::uint8_t> labels, std::size_t count,
                                                          double alpha, std::uint64_t seed) {
  if (!(alpha > 0) || !std::isfinite(alpha)) {
    throw Error("--dirichlet-alpha is " + std::to_string(alpha) + ", a number above 0 wanted");
  }
  std::vector<std::vector<std::uint32_t>> of_class(labels.empty() ? 0 : *std::ranges::max_element(labels) + 1u);
  for (std::size_t sample = 0; sample < labels.size(); ++sample) {
    of_class[labels[sample]].push_back(static_cast<std::uint32_t>(sample));
  }
  std::vector<std::uint64_t> left;  // samples of each class that nobody has
  for (const auto& samples : of_class) left.push_back(samples.size());

  struct Worker {
    Random random;
    std::vector<std::uint64_t> wanted;  // weights of the classes, 0 of those that are used up
    std::vector<std::uint32_t> samples;
  };
  std::vector<Worker> workers;
  for (std::size_t w = 0; w < count; ++w) workers.push_back({Random(seed, kStream, w), {}, {}});
  const auto choose = [&](Worker& worker) {
    std::vector<double> parameters;
    for (std::size_t label = 0; label < left.size(); ++label) {
      const auto size = static_cast<double>(of_class[label].size());
      parameters.push_back(left[label] == 0 ? 0 : alpha * size / static_cast<double>(labels.size()));
    }
    worker.wanted.clear();
    for (double share : dirichlet_sample(worker.random, parameters)) {
      worker.wanted.push_back(static_cast<std::uint64_t>(std::llround(share * kWhole)));
    }
  };

  for (std::size_t turn = 0; turn < labels.size() / count * count; ++turn) {
    Worker& worker = workers[turn % count];
    if (std::ranges::all_of(worker.wanted, [](std::uint64_t weight) { return weight == 0; })) choose(worker);
    const std::size_t label = draw(worker.random, worker.wanted);
    const auto& samples = of_class[label];
    worker.samples.push_back(samples[samples.size() - left[label]]);
    if (--left[label] > 0) continue;
    for (Worker& other : workers) {
      if (!other.wanted.empty()) other.wanted[label] = 0;
    }
  }
  std::vector<std::vector<std::uint32_t>> slices;
  for (Worker& worker : workers) slices.push_back(std::move(worker.samples));
  for (auto& slice : slices) std::ranges::sort(slice);
  return slices;
}

}  // namespace geomx::trainer
