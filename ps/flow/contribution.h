#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ps/flow/blocks.h"

namespace geomx::ps {

// How much the blocks of a chunk contribute to its convergence, estimated from the gradients of the past:
// c = alpha c + (1 - alpha) mean|g|, for each block and round; c = 0 before the first (Zhou et al.: "DGT: A
// contribution-aware differential gradient transmission mechanism for distributed machine learning", 2021).
//
// Pure; one thread at a time.
class Contribution {
 public:
  Contribution(const Blocks& blocks, double alpha) : blocks_(blocks), alpha_(alpha), values_(blocks.count()) {}

  void update(std::span<const float> gradient);
  const std::vector<double>& values() const { return values_; }
  // All blocks, those that contribute most first; equal ones in their order.
  std::vector<std::size_t> ranking() const;

 private:
  Blocks blocks_;
  double alpha_;
  std::vector<double> values_;
};

// The share k of blocks that go by the reliable channel: k0, or, where it adapts, max(k_min, k0 * loss / loss0), at
// most 1, loss0 being the first loss that is known. The lower the loss, the less a missing block matters.
class Share {
 public:
  Share(double k0, double k_min, bool adapts) : k0_(k0), k_min_(k_min), adapts_(adapts) {}

  double at(std::optional<double> loss);
  // Of so many blocks: at least one, so that every round has a message that cannot be lost.
  static std::size_t blocks(double share, std::size_t count);

 private:
  double k0_;
  double k_min_;
  bool adapts_;
  std::optional<double> first_loss_;
};

}  // namespace geomx::ps
