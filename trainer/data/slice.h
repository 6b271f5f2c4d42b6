#pragma once

#include <cstddef>

#include "trainer/data/dataset.h"

namespace geomx::trainer {

// How many samples a slice has; throws Error as take_slice() does.
std::size_t slice_size(std::size_t samples, std::size_t index, std::size_t count);

// Slice `index` of `count` equal ones: N/count samples (the remainder, fewer than `count`, belongs to nobody, so that
// all workers do the same number of rounds). Contiguous in the order of the file or, with `by_class`, in the order of
// the labels (samples of a label stay in file order): workers then see few classes each. Throws Error where `index` is
// not below `count` or a slice would be empty.
Dataset take_slice(const Dataset& whole, std::size_t index, std::size_t count, bool by_class);

}  // namespace geomx::trainer
