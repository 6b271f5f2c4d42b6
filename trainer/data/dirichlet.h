#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trainer/tensor/random.h"

// Slices that are not identically distributed: Hsu, Qi, Brown: "Measuring the effects of non-identical data
// distribution for federated visual classification", 2019.
namespace geomx::trainer {

// The logarithm of a number from the gamma distribution with that shape and scale 1: for small shapes the number itself
// is too small to be held. Marsaglia, Tsang: "A simple method for generating gamma variables", 2000. A generator of our
// own, because those of <random> differ between standard libraries.
double log_gamma_sample(Random& random, double shape);

// Shares that sum to 1, from the Dirichlet distribution with those parameters (0: none of that).
std::vector<double> dirichlet_sample(Random& random, std::span<const double> parameters);

// Deals samples out to `count` workers, floor(N / count) each, in the order of the file. Worker w's classes have shares
// q_w from Dirichlet(alpha * p), where p are the classes' shares in the whole set: with a small alpha it sees one class
// or two, with a large one all as in the set. The workers take turns; each draws a class by its q_w from those that are
// not used up, or by new shares of these where all of its own are, and takes the class's next sample. A function of its
// arguments alone. Throws Error for an alpha that is not above 0.
std::vector<std::vector<std::uint32_t>> deal_by_dirichlet(std::span<const std::uint8_t> labels, std::size_t count,
                                                          double alpha, std::uint64_t seed);

}  // namespace geomx::trainer
