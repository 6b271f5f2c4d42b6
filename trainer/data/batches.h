#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "trainer/data/augment.h"
#include "trainer/data/dataset.h"
#include "trainer/tensor/batch.h"

namespace geomx::trainer {

// Writes samples into `images` (REQUIRES: room for them) in the order given: images as x/255, tokens as they are.
void to_float(const Dataset& data, std::span<const std::uint32_t> samples, std::span<float> images);

// Batches in an epoch: the last, incomplete one is left out. Throws Error where there is not even one.
std::size_t batches_per_epoch(std::size_t samples, std::size_t batch_size);

// An endless stream of batches: each epoch visits every sample at most once in an order of its own, a function of
// (seed, stream, epoch) alone; what augmentation does to a sample is one of these and its position in the epoch.
// `stream` tells workers apart. Not synchronised. Allocates in the constructor only.
class Batches {
 public:
  // Keeps a reference. Throws Error where a batch is more than all of it, or tokens are to be augmented.
  Batches(const Dataset& data, std::size_t batch_size, std::uint64_t seed, std::uint64_t stream,
          Augment augment = Augment::none);
  std::size_t per_epoch() const { return data_.size() / batch_size_; }
  // The next one, its images in memory of the caller's (a backend's, REQUIRES: room for them) or in this object's.
  // Valid until the next call.
  Batch next(std::span<float> images);
  void skip(std::size_t batches);  // as if so many had been given out
  Batch next() { return next(images_); }

 private:
  void shuffle();
  void write_augmented(std::span<const std::uint32_t> samples, std::span<float> images) const;
  const Dataset& data_;
  std::size_t batch_size_;
  std::uint64_t seed_;
  std::uint64_t stream_;
  Augment augment_;
  std::uint64_t epoch_ = 0;
  std::size_t position_ = 0;  // batches given out in this epoch
  std::vector<std::uint32_t> order_;
  std::vector<float> images_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace geomx::trainer
