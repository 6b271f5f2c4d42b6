#pragma once

#include "ps/codec/codec.h"
#include "ps/codec/sparse_format.h"

namespace geomx::ps {

// Format::sparse, for the answer to sparse pushes: every element that is not zero. Of sums of sparse messages that is
// the union of what was sent, and nothing is lost but the sign of zeros (and, in binary16, what rounding takes).
// Without state.
class NonZeros : public Encoder {
 public:
  explicit NonZeros(SparseValues values = SparseValues::fp32) : values_(values) {}

  Format format() const override { return Format::sparse; }
  std::size_t most_bytes(std::size_t length) const override { return most_sparse_bytes(length, length, values_); }
  // Of up to 2^32 - 1 elements.
  std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const override;

 private:
  SparseValues values_;
};

}  // namespace geomx::ps
