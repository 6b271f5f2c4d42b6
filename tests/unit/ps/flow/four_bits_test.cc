#include "ps/flow/four_bits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace geomx::ps {
namespace {

TEST(FourBits, AreAnEighthOfTheBytesAndNothingIsLost) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  for (const std::size_t n : {1u, 2u, 7u, 1024u}) {
    std::vector<float> values(n), rest(n), decoded(n);
    for (float& value : values) value = normal(random);
    std::vector<std::uint8_t> bytes(four_bits_size(n));
    EXPECT_EQ(bytes.size(), 4 + (n + 1) / 2);
    encode_four_bits(values, rest, bytes);
    decode_four_bits(bytes, decoded);
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_LE(std::abs(decoded[i] - values[i]), largest / 14 * 1.0001F);
      EXPECT_NEAR(decoded[i] + rest[i], values[i], 1e-6);
    }
  }
}

TEST(FourBits, OfZerosAreZeros) {
  std::vector<float> values(5), rest(5, 1), decoded(5, 1);
  std::vector<std::uint8_t> bytes(four_bits_size(5));
  encode_four_bits(values, rest, bytes);
  decode_four_bits(bytes, decoded);
  EXPECT_EQ(decoded, std::vector<float>(5));
  EXPECT_EQ(rest, std::vector<float>(5));
}

}  // namespace
}  // namespace geomx::ps
