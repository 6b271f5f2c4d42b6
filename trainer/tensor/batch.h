#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace geomx::trainer {

// What a network eats: images as floats in [0, 1], sample by sample in CHW order, or tokens as whole numbers, and their
// labels. A view.
struct Batch {
  std::span<const float> images;
  std::span<const std::uint8_t> labels;
  std::size_t labels_per_sample = 1;                                      // of tokens one for each
  std::size_t size() const { return labels.size() / labels_per_sample; }  // samples
};

}  // namespace geomx::trainer
