#pragma once

#include <cstddef>
#include <memory>

#include "trainer/model/architecture.h"
#include "trainer/model/backend.h"

namespace geomx::trainer {

// The network on this machine's processors, fp32, through oneDNN. `batch` is the size that step() takes; `threads` are
// OpenMP threads, 1 where several workers share a host. Parameters are zero until written. The Backend's memory does
// not grow after the first step() and the first score(). Throws Error where oneDNN has no fast implementation.
std::unique_ptr<Backend> make_cpu_backend(const Architecture& model, std::size_t batch, int threads);

}  // namespace geomx::trainer
