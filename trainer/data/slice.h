#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"

namespace geomx::trainer {

enum class SplitKind {
  contiguous,  // in the order of the file
  by_class,    // in the order of the labels, samples of a label in that of the file: workers see few classes each
  dirichlet,   // each worker has its own share of each class (dirichlet.h)
};
SplitKind split_kind(const std::string& name);  // "contiguous", "by-class", "dirichlet"; throws Error for another

// How the training set is dealt out: the same at all workers, who need not speak about it.
struct Split {
  SplitKind kind = SplitKind::contiguous;
  double alpha = 0.5;      // of dirichlet, above 0
  std::uint64_t seed = 1;  // of dirichlet
};

// Slice `index` of `count` disjoint ones of N/count samples (the remainder, fewer than `count`, belongs to nobody, so
// that all workers do the same number of rounds).
struct Slice {
  std::size_t index = 0;
  std::size_t count = 1;
  Split split;
};

// How many samples a slice has. Throws Error where `index` is not below `count` or a slice would be empty.
std::size_t slice_size(std::size_t samples, std::size_t index, std::size_t count);

// The samples of a slice of a data set with those labels, one each. A function of its arguments alone. Throws Error as
// slice_size() does, and for an alpha that cannot be.
std::vector<std::uint32_t> slice_samples(std::span<const std::uint8_t> labels, const Slice& slice);

// A copy of them. Throws Error as above, and where data of several labels a sample is not to be cut in file order.
Dataset take_slice(const Dataset& whole, const Slice& slice);

}  // namespace geomx::trainer
