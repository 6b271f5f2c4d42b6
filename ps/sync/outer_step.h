#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ps/config/sync_config.h"
#include "ps/proto/checkpoint.pb.h"
#include "ps/proto/ps.pb.h"
#include "ps/sync/gathering.h"

namespace geomx::ps {

// How the global weights of one chunk move on when something has arrived: the part of the algorithms that runs on the
// global server.
//
//   fsa     optimizer, along the mean of all workers' gradients
//   mixed   optimizer, along the mean of one party's gradients; with DCASGD, corrected by how far the weights have
//           moved since that party got its copy
//   hfa     w + mean of what the parties have learnt
//   esync   w + rate * mean of what the workers have learnt
//   diloco  Nesterov momentum along the mean of what the parties have learnt
//
// Threading: one thread at a time.
class OuterStep {
 public:
  virtual ~OuterStep() = default;
  // `previous`: the weights that the sum's contributor had. All have the length that the step was made for.
  virtual void step(std::span<const float> weights, std::span<const float> previous, const Sum& sum,
                    std::span<float> updated) = 0;
  // Before the first step: the optimizer's schedule goes on as if so many were behind it.
  virtual void begin_at(std::uint64_t step) = 0;
  // For a checkpoint. restore() throws Error where it is another step's.
  virtual void save(proto::StepState& state) const = 0;
  virtual void restore(const proto::StepState& state) = 0;
};

// Throws Error where the optimizer's configuration is wrong, or not one that the algorithm can use.
std::unique_ptr<OuterStep> make_outer_step(const SyncConfig& sync, const proto::OptimizerConfig& optimizer,
                                           std::size_t length);

}  // namespace geomx::ps
