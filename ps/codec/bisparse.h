#pragma once

#include "ps/codec/codec.h"
#include "ps/codec/sparse_format.h"

namespace geomx::ps {

struct BiSparseSettings {
  double ratio = 0.01;  // t: the share of a slice's elements that a message carries; in (0, 1]
  float momentum = 0;   // of momentum correction, in [0, 1); 0: none. GeoMX: 0.9 (choice.h says when)
  SparseValues values = SparseValues::fp32;
};

// Format::sparse, for gradients: each message carries the elements of which most has accumulated since they were last
// sent; the rest stays in the state (error feedback), so that nothing is lost, only late. For a slice g of n elements:
//
//   u = momentum*u + g   (u = g without momentum correction)
//   v = v + u
//   send v where |v| is among the k largest; there, u = 0 and v = v - what was sent (0, but for rounding to binary16)
//
// k = round(n*t), at least 1. Count: exactly k elements are sent, or, where v has fewer that are not zero, those. Of
// equal ones those with the lower index go. NaN and infinity count as the largest: they are sent at once, and never
// stay in the state unseen.
//
// How the k are found changes the time and never the result: a threshold is estimated from a sample of v, low enough
// that about 2 k elements reach it; they are gathered in the pass that updates u and v, and the k largest of them
// selected. Where the sample has misled, all elements take part. Places of the sample follow from the state's count of
// messages.
//
// Lin et al., "Deep Gradient Compression: Reducing the Communication Bandwidth for Distributed Training", ICLR 2018:
// momentum correction, error accumulation, momentum factor masking (u = 0), hierarchical sampling.
class BiSparse : public Encoder {
 public:
  explicit BiSparse(const BiSparseSettings& settings);  // throws Error for a value out of range

  Format format() const override { return Format::sparse; }
  std::size_t most_bytes(std::size_t length) const override;
  // Of up to 2^32 - 1 elements.
  std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const override;

  std::size_t most_elements(std::size_t length) const;  // k

 private:
  BiSparseSettings settings_;
};

}  // namespace geomx::ps
