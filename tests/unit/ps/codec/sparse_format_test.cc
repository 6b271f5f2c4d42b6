#include "ps/codec/sparse_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ps/codec/nonzeros.h"
#include "tests/unit/ps/codec/messages.h"

namespace geomx::ps::testing {
namespace {

using ::testing::HasSubstr;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

// Each element with that probability.
std::vector<std::uint32_t> places(std::size_t length, double density, unsigned seed) {
  std::mt19937 random(seed);
  std::bernoulli_distribution chosen(density);
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < length; ++i) {
    if (chosen(random)) result.push_back(i);
  }
  return result;
}

std::vector<std::byte> written(std::span<const float> slice, const std::vector<std::uint32_t>& indices,
                               SparseValues values = SparseValues::fp32) {
  std::vector<std::byte> message(most_sparse_bytes(slice.size(), indices.size(), values));
  message.resize(write_sparse(slice, indices, values, message));
  return message;
}

// 1.0 at 1 and -2.0 at 4 of 8: gaps of 1 and 2, in unary 01 and 001, from the lowest bit on.
TEST(SparseFormatTest, IsWrittenAsDocumented) {
  const std::vector<float> slice = {0, 1, 0, 0, -2, 0, 0, 0};
  EXPECT_EQ(written(slice, {1, 4}), bytes({2, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0x12}));
  EXPECT_EQ(written(slice, {1, 4}, SparseValues::fp16), bytes({2, 0, 0, 0, 0, 2, 0, 0, 0, 0x3c, 0, 0xc0, 0x12}));
  // 70 at once: parameter 5 (of 5, 6 and 7, all of 8 bits, the least): 70 = 2 * 32 + 6 is 00 1 01100.
  std::vector<float> longer(128);
  longer[70] = 1;
  EXPECT_EQ(written(longer, {70}), bytes({1, 0, 0, 0, 5, 4, 0, 0, 0, 0, 0x80, 0x3f, 0x34}));
  EXPECT_EQ(written(slice, {}), bytes({0, 0, 0, 0, 0, 4, 0, 0}));
}

TEST(SparseFormatTest, AnyDensityGoesThroughWithinTheBound) {
  for (const std::size_t n : {1U, 2U, 63U, 64U, 65U, 1000U, 65536U, 100'003U}) {
    const std::vector<float> slice = normal(n);
    for (const double density : {0.0, 0.0001, 0.003, 0.01, 0.1, 0.3, 0.5, 0.9, 1.0}) {
      const std::vector<std::uint32_t> indices = places(n, density, 5);
      const std::vector<std::byte> message = written(slice, indices);
      ASSERT_LE(message.size(), most_sparse_bytes(n, indices.size(), SparseValues::fp32));
      std::vector<float> expected(n);
      for (const std::uint32_t i : indices) expected[i] = slice[i];
      ASSERT_EQ(decoded(Format::sparse, message, n), expected) << n << " at " << density;
    }
  }
}

// The worst places for one parameter: all at the one end, or one far away.
TEST(SparseFormatTest, ClusteredIndicesStayWithinTheBound) {
  for (const std::size_t n : {100U, 65'536U, 3'000'000U}) {
    const std::vector<float> slice(n, 1);
    for (std::size_t count = 1; count < n; count = count * 3 + 1) {
      std::vector<std::uint32_t> first, last, split;
      for (std::size_t i = 0; i < count; ++i) {
        first.push_back(static_cast<std::uint32_t>(i));
        last.push_back(static_cast<std::uint32_t>(n - count + i));
        split.push_back(static_cast<std::uint32_t>(i + 1 < count ? i : n - 1));
      }
      for (const auto& indices : {first, last, split}) {
        const std::vector<std::byte> message = written(slice, indices);
        ASSERT_LE(message.size(), most_sparse_bytes(n, count, SparseValues::fp32));
        ASSERT_LE(message.size(), most_sparse_bytes(n, std::min(n, 2 * count), SparseValues::fp32));
        const std::vector<float> read = decoded(Format::sparse, message, n);
        for (const std::uint32_t i : indices) ASSERT_EQ(read[i], 1);
        ASSERT_EQ(std::count(read.begin(), read.end(), 1.0F), static_cast<std::ptrdiff_t>(count));
      }
    }
  }
}

// A random place of density d takes -log2(d) - (1-d)/d log2(1-d) bits; the code may take 4 % more.
TEST(SparseFormatTest, IndicesTakeLittleMoreThanTheirEntropy) {
  const std::size_t n = 1'000'000;
  const std::vector<float> slice(n, 1);
  for (const double density : {0.001, 0.01, 0.1, 0.3}) {
    const std::vector<std::uint32_t> indices = places(n, density, 6);
    const double bits = 8.0 * static_cast<double>(written(slice, indices).size()) / static_cast<double>(indices.size());
    const double entropy = -std::log2(density) - (1 - density) / density * std::log2(1 - density);
    EXPECT_LT(bits - 32, 1.04 * entropy) << density;
    EXPECT_GT(bits - 32, entropy);
  }
}

TEST(SparseFormatTest, TheUnionOfSparsePushesComesBackWhole) {
  const std::size_t n = 5000;
  std::vector<float> sums(n);
  std::vector<bool> sent(n);
  for (unsigned party = 0; party < 4; ++party) {
    const std::vector<std::uint32_t> indices = places(n, 0.02, party);
    add(Format::sparse, written(normal(n, party), indices), sums);
    for (const std::uint32_t i : indices) sent[i] = true;
  }
  const std::vector<std::byte> answer = encoded(NonZeros(), sums);
  EXPECT_EQ(decoded(Format::sparse, answer, n), sums);
  std::uint32_t count = 0;
  std::memcpy(&count, answer.data(), sizeof count);
  EXPECT_EQ(count, std::count(sent.begin(), sent.end(), true));
  EXPECT_GT(count, 300U);
  EXPECT_LT(count, 400U);
}

TEST(SparseFormatTest, HalvesAreRoundedAndLargeOnesStayFinite) {
  const std::vector<float> slice = {1e6F, -7e4F, 1.0F / 3, std::numeric_limits<float>::infinity()};
  const std::vector<float> read =
      decoded(Format::sparse, written(slice, {0, 1, 2, 3}, SparseValues::fp16), slice.size());
  for (std::size_t i = 0; i < slice.size(); ++i) EXPECT_EQ(read[i], as_sent(slice[i], SparseValues::fp16));
  EXPECT_EQ(read[0], 65504);
  EXPECT_EQ(read[1], -65504);
  EXPECT_NEAR(read[2], 1.0 / 3, 0x1p-13);
  EXPECT_TRUE(std::isinf(read[3]));
}

TEST(SparseFormatTest, RefusesWhatIsNotAMessage) {
  const std::vector<std::byte> good = bytes({2, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0x12});
  ASSERT_EQ(refusal(Format::sparse, good, 8), "accepted");
  const auto with = [&](std::size_t at, int value, std::size_t length = 8) {
    std::vector<std::byte> message = good;
    message[at] = static_cast<std::byte>(value);
    return refusal(Format::sparse, message, length);
  };
  EXPECT_EQ(refusal(Format::sparse, bytes({2, 0, 0}), 8), "a sparse slice of 3 bytes, where 8 are the least");
  EXPECT_EQ(with(0, 9), "a sparse slice with 9 elements of 8");
  EXPECT_EQ(with(3, 0x80), "a sparse slice with 2147483650 elements of 8");
  EXPECT_EQ(with(0, 4), "a sparse slice of 17 bytes, where the values of 4 elements alone take 16");
  EXPECT_EQ(with(4, 32), "a sparse slice whose indices have parameter 32, where 31 is the largest");
  EXPECT_THAT(with(5, 3), HasSubstr("values of 3 bytes"));
  EXPECT_THAT(with(7, 1), HasSubstr("reserved bytes 256"));
  EXPECT_EQ(with(16, 0x02), "a sparse slice that is cut short, or whose index 1 of 2 lies beyond its 8 elements");
  EXPECT_EQ(with(16, 0x52), "a sparse slice that goes on behind its last index");  // a bit in the filling
  EXPECT_EQ(with(0, 1, 64), "a sparse slice that goes on behind its last index");
  EXPECT_EQ(refusal(Format::sparse, good, 5), "accepted");  // the last index is 4
  EXPECT_EQ(refusal(Format::sparse, good, 4),
            "a sparse slice that is cut short, or whose index 1 of 2 lies beyond its 4 elements");
  EXPECT_THAT(refusal(Format::sparse, good, 0), HasSubstr("2 elements of 0"));
}

// The largest gaps that the code can say: refused, and no product of them overflows.
TEST(SparseFormatTest, HugeGapsAreRefused) {
  std::vector<std::byte> message = bytes({1, 0, 0, 0, 31, 2, 0, 0, 0, 0x3c});
  message.resize(message.size() + 1000);
  message.push_back(std::byte{0x80});
  message.resize(message.size() + 4, std::byte{0xff});
  EXPECT_THAT(refusal(Format::sparse, message, 4096), HasSubstr("cut short, or whose index 0 of 1"));
  message[4] = std::byte{0};
  EXPECT_THAT(refusal(Format::sparse, message, 4096), HasSubstr("cut short, or whose index 0 of 1"));
}

}  // namespace
}  // namespace geomx::ps::testing
