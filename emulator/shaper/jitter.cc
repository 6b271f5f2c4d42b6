#include "emulator/shaper/jitter.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace geomx::shaper {
namespace {

constexpr double kCut = 4;  // what a table of netem can say: 32767 / 8192
constexpr double kShape = 3;
constexpr double kParetoMean = kShape / (kShape - 1);
constexpr double kParetoScale = 4.0 / 3.0;
constexpr std::size_t kTableSize = 2048;
constexpr double kTableScale = 8192;

template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double sum = 0;
  for (const double coefficient : coefficients) sum = sum * x + coefficient;
  return sum;
}

}  // namespace

double normal_below(double z) {
  return std::erfc(-z / std::sqrt(2.0)) / 2;
}

double normal_quantile(double u) {
  // P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function", 2003.
  constexpr std::array<double, 6> a{-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                    1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr std::array<double, 6> b{-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                                    6.680131188771972e+01,  -1.328068155288572e+01, 1};
  constexpr std::array<double, 6> c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                    -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr std::array<double, 5> d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                    3.754408661907416e+00, 1};
  constexpr double kTail = 0.02425;
  if (u < kTail) {
    const double q = std::sqrt(-2 * std::log(std::max(u, 1e-300)));
    return polynomial(c, q) / polynomial(d, q);
  }
  if (u > 1 - kTail) {
    const double q = std::sqrt(-2 * std::log(std::max(1 - u, 1e-300)));
    return -polynomial(c, q) / polynomial(d, q);
  }
  const double q = u - 0.5;
  return q * polynomial(a, q * q) / polynomial(b, q * q);
}

double swing_at(Distribution distribution, double u) {
  switch (distribution) {
    case Distribution::uniform:
      return 2 * u - 1;
    case Distribution::normal:
      return std::clamp(normal_quantile(u), -kCut, kCut);
    case Distribution::pareto:
      return std::min((std::pow(1 - u, -1 / kShape) - kParetoMean) * kParetoScale, kCut);
  }
  return 0;
}

double lowest_swing(Distribution distribution) {
  return distribution == Distribution::normal ? -kCut : swing_at(distribution, 0);
}

double highest_swing(Distribution distribution) {
  return distribution == Distribution::uniform ? 1 : kCut;
}

std::vector<std::int16_t> netem_table(Distribution distribution) {
  std::vector<std::int16_t> table;
  table.reserve(kTableSize);
  for (std::size_t i = 0; i < kTableSize; ++i) {
    const double swing = swing_at(distribution, (static_cast<double>(i) + 0.5) / kTableSize);
    table.push_back(static_cast<std::int16_t>(std::clamp(std::lround(swing * kTableScale), -32768L, 32767L)));
  }
  return table;
}

}  // namespace geomx::shaper
