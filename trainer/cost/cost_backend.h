#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "trainer/cost/profile.h"
#include "trainer/cost/timer.h"
#include "trainer/model/backend.h"

namespace geomx::trainer {

struct CostOptions {
  std::string profile{};  // a name or a file
  // Of a step's forward and backward pass in the mean, in place of what the profile says for the batch.
  std::optional<double> compute_seconds{};
  // Steps take longer and shorter at random: each one's times are multiplied by a number of a lognormal distribution
  // whose mean is 1 and whose standard deviation is this. (Times cannot be negative, and stray upwards.)
  double jitter = 0;
  double straggler = 1;  // all times are multiplied by this
};

// How much longer than in the mean a worker's step takes, by jitter: a function of its arguments alone.
double jitter_factor(double jitter, std::uint64_t seed, std::uint64_t worker, std::uint64_t step);

// A worker that does no arithmetic: step() waits until the points in time at which the profile's step would need each
// tensor, and would have each gradient, and calls on_needed and on_ready there. The points are absolute, from the
// moment step() is called: no wait's lateness adds to the next one's. Where on_needed takes time (the parameter is not
// there yet), what follows is that much later; on_ready's callee works while the step goes on, as beside an
// accelerator.
//
// The times are the profile's, scaled to the batch in proportion. Parameters and gradients have no values
// (Tensors::without_values), batches need only a size, and the loss is no number. score() throws Error.
//
// `worker` (its data slice) and `seed` choose the jitter. `timer` outlives the backend. Throws Error where a number is
// out of range.
std::unique_ptr<Backend> make_cost_backend(const Profile& profile, const CostOptions& options, std::size_t batch,
                                           std::uint64_t seed, std::uint64_t worker, Timer& timer);

}  // namespace geomx::trainer
