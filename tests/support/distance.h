#pragma once

#include <cmath>
#include <cstddef>

namespace geomx::test {

// ||a-b|| / ||b||
template <typename A, typename B>
double distance(const A& a, const B& b) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double off = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    difference += off * off;
    norm += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  return std::sqrt(difference / norm);
}

}  // namespace geomx::test
