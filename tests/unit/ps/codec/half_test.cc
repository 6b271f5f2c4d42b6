#include "ps/codec/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace geomx::ps {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Shape {
  int fraction_bits;
  int least_exponent;  // of the normal numbers, as std::ilogb counts
  double largest;
};
constexpr Shape kHalf{10, -14, 65504};
constexpr Shape kBfloat{7, -126, 0x1.fep127};

// The number that 16 bits stand for, from the definition.
double meaning(std::uint32_t bits, const Shape& shape) {
  const std::uint32_t fraction_mask = (1U << shape.fraction_bits) - 1;
  const int exponent = static_cast<int>((bits & 0x7fffU) >> shape.fraction_bits);
  const double fraction = bits & fraction_mask;
  const double unit = std::ldexp(1, -shape.fraction_bits);
  const double magnitude = exponent == 0 ? std::ldexp(fraction * unit, shape.least_exponent)
                                         : std::ldexp(1 + fraction * unit, exponent - 1 + shape.least_exponent);
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

// The nearest number of that shape, ties to even: std::nearbyint rounds so.
double rounded(double value, const Shape& shape) {
  if (value == 0) return value;
  const int exponent = std::max(std::ilogb(value), shape.least_exponent);
  const double unit = std::ldexp(1, exponent - shape.fraction_bits);
  const double nearest = std::nearbyint(value / unit) * unit;
  return std::abs(nearest) > shape.largest ? std::copysign(static_cast<double>(kInfinity), value) : nearest;
}

bool is_number(std::uint32_t bits, const Shape& shape) {
  const std::uint32_t exponent = 0x7fffU >> shape.fraction_bits << shape.fraction_bits;
  return (bits & exponent) != exponent;
}

TEST(HalfTest, EveryHalfMeansWhatTheStandardSaysAndComesBack) {
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_half(half);
    if (is_number(bits, kHalf)) {
      ASSERT_EQ(static_cast<double>(value), meaning(bits, kHalf)) << bits;
      ASSERT_EQ(std::signbit(value), (bits & 0x8000U) != 0) << bits;
      ASSERT_EQ(to_half(value), half) << bits;
    } else if ((bits & 0x3ffU) == 0) {
      ASSERT_EQ(value, (bits & 0x8000U) != 0 ? -kInfinity : kInfinity);
      ASSERT_EQ(to_half(value), half);
    } else {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_EQ(to_half(value), half | 0x200U) << bits;  // quiet, and else as it was
    }
  }
}

TEST(BfloatTest, EveryBfloatMeansWhatItsBitsSayAndComesBack) {
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) {
    const auto bfloat = static_cast<std::uint16_t>(bits);
    const float value = from_bfloat(bfloat);
    if (is_number(bits, kBfloat)) {
      ASSERT_EQ(static_cast<double>(value), meaning(bits, kBfloat)) << bits;
      ASSERT_EQ(to_bfloat(value), bfloat) << bits;
    } else if ((bits & 0x7fU) == 0) {
      ASSERT_EQ(value, (bits & 0x8000U) != 0 ? -kInfinity : kInfinity);
      ASSERT_EQ(to_bfloat(value), bfloat);
    } else {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_EQ(to_bfloat(value), bfloat | 0x40U) << bits;
    }
  }
}

// Between each half and the next: the middle goes to the even one, and the floats beside it to their sides.
TEST(HalfTest, TiesGoToTheEven) {
  for (std::uint32_t bits = 0; bits < 0x7bffU; ++bits) {
    const float low = from_half(static_cast<std::uint16_t>(bits));
    const float high = from_half(static_cast<std::uint16_t>(bits + 1));
    const float middle = low + (high - low) / 2;
    ASSERT_EQ(to_half(middle), bits + (bits & 1U)) << bits;
    ASSERT_EQ(to_half(std::nextafter(middle, low)), bits);
    ASSERT_EQ(to_half(std::nextafter(middle, high)), bits + 1);
  }
}

TEST(HalfTest, WhatIsTooLargeBecomesInfinity) {
  EXPECT_EQ(to_half(65504.0F), 0x7bffU);
  EXPECT_EQ(to_half(std::nextafter(65520.0F, 0.0F)), 0x7bffU);
  EXPECT_EQ(to_half(65520.0F), 0x7c00U);  // as near to 65504 as to 65536, which is even
  EXPECT_EQ(to_half(-1e30F), 0xfc00U);
  EXPECT_EQ(to_bfloat(std::numeric_limits<float>::max()), 0x7f80U);
  EXPECT_TRUE(std::isnan(from_half(to_half(kNan))));
  EXPECT_TRUE(std::isnan(from_bfloat(to_bfloat(std::bit_cast<float>(0x7f800001U)))));  // its upper half is infinity's
}

TEST(HalfTest, SampledFloatsGoToTheNearest) {
  std::mt19937 random(5);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(static_cast<double>(from_half(to_half(value))), rounded(value, kHalf)) << value;
    ASSERT_EQ(static_cast<double>(from_bfloat(to_bfloat(value))), rounded(value, kBfloat)) << value;
  }
}

// The bounds that dense.h states.
TEST(HalfTest, ErrorsAreWithinTheirBounds) {
  std::mt19937 random(6);
  std::uniform_real_distribution<float> exponent(-30, 15);
  for (int i = 0; i < 200'000; ++i) {
    const float value = std::exp2(exponent(random));
    const float half_error = std::abs(from_half(to_half(value)) - value);
    ASSERT_LE(half_error, value < 0x1p-14F ? 0x1p-25F : value * 0x1p-11F) << value;
    ASSERT_LE(std::abs(from_bfloat(to_bfloat(value)) - value), value * 0x1p-8F) << value;
  }
}

}  // namespace
}  // namespace geomx::ps
