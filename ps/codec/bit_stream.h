#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

// Bits in a row, from the lowest bit of the first byte on; and numbers in Golomb-Rice code: n >> parameter in unary
// (that many zeros, then a one), then the lower `parameter` bits of n. Short where n is geometrically distributed, as
// the gaps between randomly chosen places are (Rice & Plaunt, "Adaptive variable-length coding for efficient
// compression of spacecraft television data", IEEE Transactions on Communication Technology 19(6), 1971).
namespace geomx::ps {

static_assert(std::endian::native == std::endian::little, "messages are little-endian, and are read by memcpy");

inline constexpr unsigned kMostRiceParameter = 31;

// The caller provides room for what it writes, in whole 8 bytes.
class BitWriter {
 public:
  explicit BitWriter(std::byte* out) : begin_(out), next_(out) {}

  void rice(std::uint32_t n, unsigned parameter) {
    std::uint32_t zeros = n >> parameter;
    for (; zeros > 24; zeros -= 24) put(0, 24);
    const std::uint64_t low = n & ((std::uint64_t{1} << parameter) - 1);
    put(((low << 1) | 1) << zeros, zeros + 1 + parameter);  // at most 24 + 1 + 31
  }

  // Fills the last byte with zeros. Returns the number of bytes in all.
  std::size_t finish() {
    const std::size_t rest = (held_ + 7) / 8;
    std::memcpy(next_, &window_, rest);
    return static_cast<std::size_t>(next_ - begin_) + rest;
  }

 private:
  void put(std::uint64_t bits, unsigned count) {  // at most 56
    window_ |= bits << held_;
    held_ += count;
    std::memcpy(next_, &window_, sizeof window_);
    next_ += held_ / 8;
    window_ >>= held_ / 8 * 8;  // held_ < 64: at most 7 of before and 56
    held_ %= 8;
  }

  std::byte* begin_;
  std::byte* next_;
  std::uint64_t window_ = 0;  // bits that are not in whole bytes yet
  unsigned held_ = 0;         // how many: fewer than 8 between calls
};

// Never reads outside of `bytes`, whatever they are.
class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes) : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // False where the bits end within the number, or where the number is `limit` or more.
  bool rice(unsigned parameter, std::uint64_t limit, std::uint64_t& n) {
    const std::uint64_t most_zeros = limit >> parameter;
    std::uint64_t zeros = 0;
    refill();
    while (window_ == 0) {
      zeros += held_;
      held_ = 0;
      if (next_ == end_ || zeros > most_zeros) return false;
      refill();
    }
    const auto run = static_cast<unsigned>(std::countr_zero(window_));
    zeros += run;
    drop(run + 1);
    if (held_ < parameter) refill();
    if (held_ < parameter || zeros > most_zeros) return false;
    n = (zeros << parameter) | (window_ & ((std::uint64_t{1} << parameter) - 1));
    drop(parameter);
    return n < limit;
  }

  // Only the zeros are left that fill the last byte.
  bool finished() const { return next_ == end_ && held_ < 8 && window_ == 0; }

 private:
  void refill() {  // to 56 bits at least, where there are so many
    if (end_ - next_ >= 8) {
      std::uint64_t more;
      std::memcpy(&more, next_, sizeof more);
      const unsigned bytes = (63 - held_) / 8;
      // Bits beyond the whole bytes are cut off, so that the window is zero above those held.
      window_ |= (more & ((std::uint64_t{1} << (8 * bytes)) - 1)) << held_;
      next_ += bytes;
      held_ += 8 * bytes;
      return;
    }
    while (held_ < 56 && next_ != end_) {
      window_ |= std::to_integer<std::uint64_t>(*next_++) << held_;
      held_ += 8;
    }
  }
  void drop(unsigned count) {  // at most what is held: 63
    window_ >>= count;
    held_ -= count;
  }

  const std::byte* next_;
  const std::byte* end_;
  std::uint64_t window_ = 0;
  unsigned held_ = 0;
};

}  // namespace geomx::ps
