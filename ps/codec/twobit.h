#pragma once

#include "ps/codec/codec.h"

namespace geomx::ps {

// Format::twobit, for gradients: of what has accumulated, minus the threshold, zero or the threshold is sent, and the
// rest stays in the state. For each element of a slice g:
//
//   r = r + g;  send +threshold and r -= threshold where r >= threshold
//               send -threshold and r += threshold where r <= -threshold
//
//   bytes 0-3   the threshold, binary32
//         4-    four elements a byte, the first in the upper two bits: 11 plus, 10 minus, 00 zero; filled with zeros
//
// At most one threshold an element and round goes out: gradients that stay above it never catch up.
//
// The arithmetic and the codes are MXNet's (src/kvstore/gradient_compression-inl.h), which knows the threshold at both
// ends. The method: Strom, "Scalable Distributed DNN Training Using Commodity GPU Cloud Computing", Interspeech 2015.
class TwoBit : public Encoder {
 public:
  explicit TwoBit(float threshold);  // throws Error unless it is a number above 0

  Format format() const override { return Format::twobit; }
  std::size_t most_bytes(std::size_t length) const override;
  // Throws Error for NaN and infinity, which 2 bits cannot say.
  std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const override;

 private:
  float threshold_;
};

// The readers, as in codec.h.
void check_twobit(std::span<const std::byte> message, std::size_t length);
void decode_twobit(std::span<const std::byte> message, std::span<float> values);
void add_twobit(std::span<const std::byte> message, std::span<float> sums);

}  // namespace geomx::ps
