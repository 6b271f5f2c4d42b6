#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace geomx::ps {

// A block as 4 bits per value: steps of its largest magnitude / 7, from -7 to 7, two values per byte, the first in the
// low half; four bytes of scale in front (fp32, little-endian).
constexpr std::size_t four_bits_size(std::size_t n) {
  return sizeof(float) + (n + 1) / 2;
}

// Values are finite. `rest` is what rounding takes away from them, and may be the same memory; `out` has
// four_bits_size(values.size()) bytes.
void encode_four_bits(std::span<const float> values, std::span<float> rest, std::span<std::uint8_t> out);
// `in` has four_bits_size(values.size()) bytes. Any bytes decode to something, which need not be finite.
void decode_four_bits(std::span<const std::uint8_t> in, std::span<float> values);

}  // namespace geomx::ps
