#pragma once

#include <cstdint>

#include "trainer/model/graph.h"
#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// Initial values of graph.parameters(), a function of the graph and the seed alone; each tensor has a stream of its
// own. Weights of convolutions and linear layers: uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot, Bengio:
// "Understanding the difficulty of training deep feedforward neural networks", 2010). Embeddings: uniform with a
// standard deviation of 0.02. Norms: weight 1. Biases 0.
void initialise(const Graph& graph, Tensors& parameters, std::uint64_t seed);

// Of graph.buffers(): means 0, variances 1.
void initialise_buffers(Tensors& buffers);

}  // namespace geomx::trainer
