#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// Keeps a worker's gradient within bounds, before it is pushed or stepped along: that of each step, of this worker's
// batch alone, and not the mean of all workers', whose norm nobody knows (tensors are summed chunk by chunk, each by
// itself).
//
//   clip_value  each element is kept within +-clip_value
//   clip_norm   where the L2 norm over all tensors is more than clip_norm, all are scaled down to it (Pascanu, Mikolov,
//               Bengio: "On the difficulty of training recurrent neural networks", ICML 2013); after clip_value, where
//               both are given
//
// By value, a tensor goes on at once. By norm, none does before the last one is there: nothing of the gradient travels
// while the rest of it is computed. What is not finite goes on as it is, so that servers refuse it.
//
// Threading: one thread. Memory: what is passed on is the given array, or one of this object's that is overwritten in
// the tensor's next step.
class Clipping {
 public:
  using PassOn = std::function<void(std::uint32_t key, std::span<const float> gradient)>;

  // Of a job whose optimizer that is, and a network of so many tensors.
  Clipping(const proto::OptimizerConfig& config, std::size_t tensors);
  static bool wanted(const proto::OptimizerConfig& config) { return config.has_clip_norm() || config.has_clip_value(); }

  // Once for each key in every step; the arrays stay until the last of them has been passed on. `pass_on` is called
  // from within, once for each key, in the order in which they came.
  void take(std::uint32_t key, std::span<const float> gradient, const PassOn& pass_on);

 private:
  struct Taken {
    std::uint32_t key = 0;
    std::span<const float> gradient;
  };
  std::span<const float> by_value(std::uint32_t key, std::span<const float> gradient);
  void by_norm(const PassOn& pass_on);

  const double most_norm_;                   // 0: as it is
  const float most_value_;                   // the same
  std::vector<std::vector<float>> clipped_;  // by key
  std::vector<Taken> taken_;                 // of this step, where the norm matters
};

}  // namespace geomx::ps
