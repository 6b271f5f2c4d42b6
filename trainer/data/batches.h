#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/tensor/batch.h"

namespace geomx::trainer {

// Writes samples as x/255 into `images` (REQUIRES: room for them) in the order given.
void to_float(const Dataset& data, std::span<const std::uint32_t> samples, std::span<float> images);

// An endless stream of batches: each epoch visits every sample at most once in an order of its own, a function of
// (seed, stream, epoch) alone. The last, incomplete batch of an epoch is left out. `stream` tells workers apart.
// Not synchronised. Allocates in the constructor only.
class Batches {
 public:
  Batches(const Dataset& data, std::size_t batch_size, std::uint64_t seed, std::uint64_t stream);  // keeps a reference
  std::size_t per_epoch() const { return data_.size() / batch_size_; }
  const Batch& next();  // valid until the next call

 private:
  void shuffle();
  const Dataset& data_;
  std::size_t batch_size_;
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t epoch_ = 0;
  std::size_t position_ = 0;  // batches given out in this epoch
  std::vector<std::uint32_t> order_;
  std::vector<float> images_;
  std::vector<std::uint8_t> labels_;
  Batch batch_;
};

}  // namespace geomx::trainer
