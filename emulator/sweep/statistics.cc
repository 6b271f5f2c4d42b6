#include "emulator/sweep/statistics.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace geomx::sweep {
namespace {

constexpr double kConfidence = 0.95;

}  // namespace

// Whole degrees of freedom have a finite series in the angle whose tangent is t / sqrt(freedom): Abramowitz and Stegun,
// "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
double student_probability(double t, std::size_t freedom) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double cosine = std::cos(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1;
  double sum = freedom > 1 ? term : 0;
  for (std::size_t i = odd ? 3 : 2; i < freedom; i += 2) {
    const auto each = static_cast<double>(i);
    term *= cosine * cosine * (each - 1) / each;
    sum += term;
  }
  const double series = std::sin(angle) * sum;
  return odd ? 2 / std::numbers::pi * (angle + series) : series;
}

double student_quantile(double probability, std::size_t freedom) {
  double low = 0;
  double high = 1;
  while (student_probability(high, freedom) < probability) high *= 2;
  constexpr int kHalvings = 60;  // to the last bit of any t that is asked for
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (student_probability(middle, freedom) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

Estimate estimate(const std::vector<double>& values) {
  Estimate result{values.size()};
  const auto count = static_cast<double>(values.size());
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  const double deviation = std::sqrt(squares / (count - 1));
  result.half_width = student_quantile(kConfidence, values.size() - 1) * deviation / std::sqrt(count);
  return result;
}

}  // namespace geomx::sweep
