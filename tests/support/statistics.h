#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

// Whether samples are what a distribution says.
namespace geomx::test {

// Kolmogorov and Smirnov: the largest distance between the samples' distribution and `below`, the wanted share below a
// value.
inline double distance_from(std::vector<double> samples, const std::function<double(double)>& below) {
  std::sort(samples.begin(), samples.end());
  const auto n = static_cast<double>(samples.size());
  double most = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double wanted = below(samples[i]);
    most = std::max({most, wanted - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - wanted});
  }
  return most;
}

// The distance that true samples exceed once in a hundred times.
inline double one_percent_distance(std::size_t samples) {
  return 1.628 / std::sqrt(static_cast<double>(samples));
}

// Half the width of the interval in which 99 % of all counts lie, of `count` trials of probability `p`.
inline double binomial_99(double count, double p) {
  return 2.576 * std::sqrt(count * p * (1 - p));
}

struct Moments {
  double mean = 0;
  double deviation = 0;
};
inline Moments moments_of(const std::vector<double>& samples) {
  Moments moments;
  for (const double x : samples) moments.mean += x / static_cast<double>(samples.size());
  for (const double x : samples) moments.deviation += (x - moments.mean) * (x - moments.mean);
  moments.deviation = std::sqrt(moments.deviation / static_cast<double>(samples.size()));
  return moments;
}

// The correlation of each sample's rank with that of the next (Spearman).
inline double rank_correlation(const std::vector<double>& samples) {
  std::vector<std::size_t> order(samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return samples[a] < samples[b]; });
  std::vector<double> rank(samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<double>(i);
  const Moments moments = moments_of(rank);
  double sum = 0;
  for (std::size_t i = 0; i + 1 < rank.size(); ++i) sum += (rank[i] - moments.mean) * (rank[i + 1] - moments.mean);
  return sum / static_cast<double>(rank.size() - 1) / (moments.deviation * moments.deviation);
}

}  // namespace geomx::test
