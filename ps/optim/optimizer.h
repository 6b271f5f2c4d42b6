#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ps/proto/checkpoint.pb.h"
#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// An optimizer on host arrays, with the state (momentum, moments) of one chunk of a tensor.
//
//   sgd   d = scale*g + weight_decay*w;  b = momentum*b + d (b = d at first);  w' = w - learning_rate*b,
//         with Nesterov's momentum w' = w - learning_rate*(d + momentum*b) (Sutskever et al., "On the importance of
//         initialization and momentum in deep learning", ICML 2013)
//   adam  Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, with bias correction; weight decay is
//         added to the gradient (L2)
//   adamw  the same, but weight decay takes learning_rate*weight_decay*w from the weights (Loshchilov & Hutter,
//         "Decoupled Weight Decay Regularization", ICLR 2019)
//
// The learning rate follows the configuration's schedule (schedule.h), step by step. Clipping is not an optimizer's:
// gradients are clipped where they are made (worker/clipping.h).
//
// Arrays are float32; coefficients are computed in double precision and rounded once. The forms of the updates are
// PyTorch's; the last bits are not, since compilers and kernels contract and order the operations in their own ways.
//
// Threading: one thread at a time per optimizer.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // The weights after one step along `scale` times `gradient`. All three have the length that the optimizer was made
  // for; `updated` may be `weights`.
  virtual void step(std::span<const float> weights, std::span<const float> gradient, float scale,
                    std::span<float> updated) = 0;
  // Before the first step, where the optimizer has no past of its own: the schedule goes on as if so many steps were
  // behind it.
  virtual void begin_at(std::uint64_t step) = 0;
  // For a checkpoint: all that the next step depends on. restore() throws Error where it is another optimizer's.
  virtual void save(proto::StepState& state) const = 0;
  virtual void restore(const proto::StepState& state) = 0;
};

// Throws Error, naming the setting, the value seen and the values allowed, for an unknown name or a value out of range.
void validate(const proto::OptimizerConfig& config);
std::unique_ptr<Optimizer> make_optimizer(const proto::OptimizerConfig& config, std::size_t length);
// What the arrays of a saved state are called, in order: "momentum" of sgd, "mean" and "variance" of adam.
std::vector<std::string> state_names(const proto::OptimizerConfig& config);

}  // namespace geomx::ps
