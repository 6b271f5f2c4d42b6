#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

// Format::sparse: some elements of a slice, the rest is zero.
//
//   bytes 0-3   how many elements are sent
//         4     the parameter of the indices' code, 0 to 31
//         5     bytes per value: 4 (binary32) or 2 (binary16)
//         6-7   0
//         8-    the values, in the order of their indices
//         then  for each index, how many elements lie between it and the one before (the start, for the first), in
//               Golomb-Rice code (bit_stream.h), filled with zero bits to a whole byte
//
// So an index takes about 1.6 + log2(1/density) bits, and whole slices (density 1) one bit an element. Gaps cannot be
// negative: indices ascend by construction. LEB128 bytes would be read 3 ns an index faster and take 1.5 to 4
// bits more (docs/codecs.md): on any link below 500 Mbit/s that is the longer time.
namespace geomx::ps {

enum class SparseValues : std::uint8_t { fp32 = 4, fp16 = 2 };

inline constexpr std::size_t kSparseHeader = 8;  // bytes

// No message with at most `count` elements of a slice of `length` is longer; bytes. REQUIRES: count <= length.
std::size_t most_sparse_bytes(std::size_t length, std::size_t count, SparseValues values);

// What the receiver gets where `value` is sent. In binary16 a number too large for it is sent as the largest; infinity
// and NaN stay what they are.
float as_sent(float value, SparseValues values);

// Sends slice[i] for all i in `indices`, which ascend. Returns the message's size.
// REQUIRES: `message` has room for most_sparse_bytes; the slice has at most 2^32 - 1 elements.
std::size_t write_sparse(std::span<const float> slice, std::span<const std::uint32_t> indices, SparseValues values,
                         std::span<std::byte> message);

// The readers, as in codec.h.
void check_sparse(std::span<const std::byte> message, std::size_t length);
void decode_sparse(std::span<const std::byte> message, std::span<float> values);
void add_sparse(std::span<const std::byte> message, std::span<float> sums);
bool all_finite_sparse(std::span<const std::byte> message);

}  // namespace geomx::ps
