#pragma once

#include <cmath>
#include <cstddef>

namespace geomx::test {

// ||a-b||
template <typename A, typename B>
double difference(const A& a, const B& b) {
  double sum = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double off = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += off * off;
  }
  return std::sqrt(sum);
}

// ||a||
template <typename A>
double norm(const A& a) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(a[i]);
  return std::sqrt(sum);
}

// ||a-b|| / ||b||
template <typename A, typename B>
double distance(const A& a, const B& b) {
  return difference(a, b) / norm(b);
}

}  // namespace geomx::test
