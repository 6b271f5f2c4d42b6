#pragma once

#include <cstdint>

#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// Initial values: weights uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio: "Understanding the difficulty of
// training deep feedforward neural networks", 2010), biases 0. A function of the seed and the specs alone; each tensor
// has a stream of its own.
void xavier_uniform(Tensors& parameters, std::uint64_t seed);

}  // namespace geomx::trainer
