#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trainer/model/backend.h"
#include "trainer/model/graph.h"

namespace geomx::trainer {

// The network on this machine's processors, through oneDNN. Parameters are zero until written. The Backend's memory
// does not grow after the first step() and the first score(). Throws Error where oneDNN has no fast implementation for
// a layer, as for bf16 on processors without it.
std::unique_ptr<Backend> make_cpu_backend(const Graph& graph, const BackendOptions& options);

// For tests and the curious: which of oneDNN's implementations the training network would be made of.
std::vector<std::string> cpu_implementations(const Graph& graph, const BackendOptions& options);

}  // namespace geomx::trainer
