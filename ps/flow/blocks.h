#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace geomx::ps {

// A run of floats within a chunk.
struct Run {
  std::size_t begin = 0;
  std::size_t count = 0;
  bool operator==(const Run&) const = default;
};

// How DGT divides a chunk: into blocks, the units of what matters, and these into pieces, each of which fits into one
// datagram that no road of an MTU of 1500 bytes has to divide further. Lengths in floats; the last block may be
// shorter.
class Blocks {
 public:
  static constexpr std::size_t kLongestPiece = 340;

  Blocks(std::size_t length, std::size_t block)
      : length_(length),
        block_(block),
        pieces_per_block_((block + kLongestPiece - 1) / kLongestPiece),
        piece_((block + pieces_per_block_ - 1) / pieces_per_block_) {}

  std::size_t length() const { return length_; }
  std::size_t count() const { return (length_ + block_ - 1) / block_; }
  Run run(std::size_t block) const { return cut(block * block_, block_); }

  // Pieces are numbered throughout the chunk; those beyond the end of a short last block are empty.
  std::size_t piece_count() const { return count() * pieces_per_block_; }
  std::size_t first_piece(std::size_t block) const { return block * pieces_per_block_; }
  std::size_t pieces_per_block() const { return pieces_per_block_; }
  Run piece(std::size_t number) const {
    const Run block = run(number / pieces_per_block_);
    const std::size_t begin = std::min(number % pieces_per_block_ * piece_, block.count);
    return {block.begin + begin, std::min(piece_, block.count - begin)};
  }

 private:
  Run cut(std::size_t begin, std::size_t count) const { return {begin, std::min(count, length_ - begin)}; }

  std::size_t length_;
  std::size_t block_;
  std::size_t pieces_per_block_;
  std::size_t piece_;
};

// A set of blocks as a string of bits, the first block in the lowest bit of the first byte.
inline std::string to_bits(const std::vector<bool>& set) {
  std::string bits((set.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i]) bits[i / 8] = static_cast<char>(static_cast<unsigned char>(bits[i / 8]) | (1u << (i % 8)));
  }
  return bits;
}
// Bits beyond the end of the string are 0.
inline std::vector<bool> from_bits(const std::string& bits, std::size_t size) {
  std::vector<bool> set(size);
  for (std::size_t i = 0; i < size && i / 8 < bits.size(); ++i) {
    set[i] = ((static_cast<unsigned char>(bits[i / 8]) >> (i % 8)) & 1u) != 0;
  }
  return set;
}

}  // namespace geomx::ps
