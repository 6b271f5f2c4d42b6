#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "trainer/tensor/batch.h"

namespace geomx::trainer {

// Puts batches together on a thread of its own, up to two ahead of whoever takes them, and gives out the same ones in
// the same order. It costs a copy of the images and half a core's attention now and then, so it is for those who have a
// core to spare: docs/training.md has the figures.
//
// Threading: next() on one thread at a time; `compose` is called on the thread of this object only, until its
// destructor returns, which joins it.
class Prefetch {
 public:
  // Writes the next batch's images into memory that is given; the labels may lie anywhere until the next call.
  using Compose = std::function<Batch(std::span<float> images)>;

  // `images`: floats in a batch.
  Prefetch(Compose compose, std::size_t images);
  ~Prefetch();
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  // As Batches::next(): the next one, its images copied to where the caller wants them. Valid until the next call.
  // Throws what `compose` threw, in its place, and then again; Error where that takes a minute.
  Batch next(std::span<float> images);

 private:
  struct Slot {
    std::vector<float> images;
    std::vector<std::uint8_t> labels;
    std::size_t labels_per_sample = 1;
    std::exception_ptr failure;
  };

  void run();

  const Compose compose_;
  std::array<Slot, 2> slots_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t made_ = 0;   // batches; guarded, as are the next two
  std::size_t taken_ = 0;  // of those, the ones whose slots are free again
  bool ends_ = false;
  std::size_t given_ = 0;  // to the caller
  std::thread thread_;
};

}  // namespace geomx::trainer
