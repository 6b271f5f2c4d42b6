#pragma once

#include <cstddef>
#include <optional>
#include <vector>

// Means of few repetitions, with what they leave open. Pure.
namespace geomx::sweep {

// P(-t <= T <= t) of Student's distribution with so many degrees of freedom, 1 or more; t >= 0.
double student_probability(double t, std::size_t freedom);

// The t with P(-t <= T <= t) = `probability`, which is below 1.
double student_quantile(double probability, std::size_t freedom);

struct Estimate {
  std::size_t count = 0;
  double mean = 0;
  std::optional<double> half_width{};  // of the 95 % confidence interval of the mean; none of a single value
};

// Of values that are independent and about normally distributed. REQUIRES: some.
Estimate estimate(const std::vector<double>& values);

}  // namespace geomx::sweep
