#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace geomx::ps {

// A block as 4 bits per value: steps of its largest magnitude / 7, from -7 to 7, two values per byte, the first in the
// low half; four bytes of scale in front (fp32, little-endian). What rounding takes away stays in `residual`, and is
// added to the same block's next gradient.
//
// Sizes: `values` and `residual` have the same length n; `out` has four_bits_size(n) bytes.
constexpr std::size_t four_bits_size(std::size_t n) { return sizeof(float) + (n + 1) / 2; }

// What is encoded is values + residual. Values are finite.
void encode_four_bits(std::span<const float> values, std::span<float> residual, std::span<std::uint8_t> out);
// Any bytes decode to something finite or to what the scale in them makes of it: the caller checks sums as ever.
void decode_four_bits(std::span<const std::uint8_t> in, std::span<float> values);

}  // namespace geomx::ps
