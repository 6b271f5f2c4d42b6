#include "ps/codec/kernels.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>
#include <vector>

// The vector kernels beside the portable ones, which the other tests hold against definitions: the same bits for every
// length up to several registers, wherever the message lies.
namespace geomx::ps {
namespace {

constexpr std::size_t kLongest = 70;

class KernelsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (avx2_kernels() == nullptr) GTEST_SKIP() << "this processor has no AVX2 with F16C: there is nothing to compare";
    fast_ = avx2_kernels();
  }
  const Kernels& portable_ = portable_kernels();
  const Kernels* fast_ = nullptr;
  std::mt19937 random_{3};

  std::vector<float> normal(std::size_t n) {
    std::normal_distribution<float> distribution;
    std::vector<float> values(n);
    for (float& value : values) value = distribution(random_);
    return values;
  }
};

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) bits[i] = std::bit_cast<std::uint32_t>(values[i]);
  return bits;
}

// Every exponent and sign, with fractions around those at which 16 bits round; and as many floats at random.
std::vector<float> telling_floats() {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper < 0x200; ++upper) {
    for (const std::uint32_t unit : {0x1000U, 0x2000U, 0x8000U, 0x10000U, 0x400000U}) {
      for (const std::uint32_t about : {0U, unit, 3 * unit / 2, 0x800000U - unit}) {
        for (const int off : {-1, 0, 1}) {
          const std::uint32_t fraction = (about + static_cast<std::uint32_t>(off)) & 0x7fffffU;
          values.push_back(std::bit_cast<float>((upper << 23) | fraction));
        }
      }
    }
  }
  std::mt19937 random(4);
  while (values.size() < 2'000'003) values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random())));
  return values;
}

TEST_F(KernelsTest, AgreeOnWhatFloatsBecome) {
  const std::vector<float> values = telling_floats();
  std::vector<std::byte> expected(2 * values.size()), got(2 * values.size());
  for (const auto kernel : {&Kernels::to_half, &Kernels::to_bfloat}) {
    (portable_.*kernel)(values.data(), expected.data(), values.size());
    (fast_->*kernel)(values.data(), got.data(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(std::memcmp(&expected[2 * i], &got[2 * i], 2), 0) << std::hexfloat << values[i];
    }
  }
}

TEST_F(KernelsTest, AgreeOnAllHalvesAndBfloats) {
  std::vector<std::byte> message(2 * 65536);
  for (std::uint32_t bits = 0; bits <= 0xffffU; ++bits) std::memcpy(&message[std::size_t{2} * bits], &bits, 2);
  for (const auto kernel : {&Kernels::from_half, &Kernels::from_bfloat}) {
    std::vector<float> expected(65536), got(65536);
    (portable_.*kernel)(message.data(), expected.data(), expected.size());
    (fast_->*kernel)(message.data(), got.data(), got.size());
    EXPECT_EQ(bits_of(expected), bits_of(got));
  }
}

TEST_F(KernelsTest, AgreeAtEveryLengthAndAlignment) {
  for (std::size_t n = 0; n <= kLongest; ++n) {
    const std::vector<float> values = normal(n);
    for (std::size_t offset = 0; offset < 4; ++offset) {
      // One byte behind the end shows who writes too far.
      std::vector<std::byte> expected(4 * n + offset + 1, std::byte{0xa5}), got = expected;
      for (const auto kernel : {&Kernels::to_half, &Kernels::to_bfloat}) {
        (portable_.*kernel)(values.data(), expected.data() + offset, n);
        (fast_->*kernel)(values.data(), got.data() + offset, n);
        ASSERT_EQ(expected, got) << n << " at " << offset;
      }
      if (n > 0)
        std::memcpy(expected.data() + offset, values.data(), 4 * n);  // a message of any format: these bits are as good
      std::vector<float> from(n + 1, 7), from_fast = from;
      for (const auto kernel : {&Kernels::from_bfloat, &Kernels::add_bfloat, &Kernels::add_float}) {
        (portable_.*kernel)(expected.data() + offset, from.data(), n);
        (fast_->*kernel)(expected.data() + offset, from_fast.data(), n);
        ASSERT_EQ(bits_of(from), bits_of(from_fast)) << n << " at " << offset;
      }
      portable_.to_half(values.data(), expected.data() + offset, n);
      for (const auto kernel : {&Kernels::from_half, &Kernels::add_half}) {
        (portable_.*kernel)(expected.data() + offset, from.data(), n);
        (fast_->*kernel)(expected.data() + offset, from_fast.data(), n);
        ASSERT_EQ(bits_of(from), bits_of(from_fast)) << n << " at " << offset;
      }
    }
  }
}

TEST_F(KernelsTest, AgreeOnWhatAccumulatesAndIsFound) {
  for (std::size_t n = 0; n <= kLongest; ++n) {
    std::vector<float> u = normal(n), v = normal(n), u_fast = u, v_fast = v;
    std::vector<std::uint32_t> found(n), found_fast(n);
    for (int round = 0; round < 4; ++round) {
      std::vector<float> g = normal(n);
      if (round == 1 && n > 0) g[n - 1] = std::numeric_limits<float>::quiet_NaN();
      if (round == 1 && n > 0) g[0] = -std::numeric_limits<float>::infinity();
      const std::uint32_t least = round == 3 ? 0 : magnitude_of(0.8F);
      const std::size_t count =
          portable_.accumulate_with_momentum(g.data(), u.data(), v.data(), 0.9F, n, least, found.data());
      ASSERT_EQ(count, fast_->accumulate_with_momentum(g.data(), u_fast.data(), v_fast.data(), 0.9F, n, least,
                                                       found_fast.data()));
      ASSERT_TRUE(std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found_fast.begin()));
      ASSERT_EQ(bits_of(u), bits_of(u_fast));
      const std::size_t second = portable_.accumulate(g.data(), v.data(), n, least, found.data());
      ASSERT_EQ(second, fast_->accumulate(g.data(), v_fast.data(), n, least, found_fast.data()));
      ASSERT_EQ(bits_of(v), bits_of(v_fast));
      const std::size_t third = portable_.find(v.data(), n, least, found.data());
      ASSERT_EQ(third, second);
      ASSERT_EQ(third, fast_->find(v.data(), n, least, found_fast.data()));
      ASSERT_TRUE(std::equal(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(third), found_fast.begin()));
      ASSERT_TRUE(round != 3 || third == n);
    }
  }
}

TEST_F(KernelsTest, AgreeOnTwoBits) {
  for (std::size_t n = 0; n <= kLongest; ++n) {
    std::vector<float> residual(n), residual_fast(n), sums(n), sums_fast(n);
    for (int round = 0; round < 4; ++round) {
      std::vector<float> g = normal(n);
      for (std::size_t i = 0; i < n; i += 5) g[i] = i % 2 == 0 ? 0.5F : -0.5F;  // just the threshold
      if (n > 1) g[1] = -0.0F;
      std::vector<std::byte> codes((n + 3) / 4 + 1, std::byte{0xa5}), codes_fast = codes;
      portable_.to_twobit(g.data(), residual.data(), 0.5F, codes.data(), n);
      fast_->to_twobit(g.data(), residual_fast.data(), 0.5F, codes_fast.data(), n);
      ASSERT_EQ(codes, codes_fast);
      ASSERT_EQ(bits_of(residual), bits_of(residual_fast));
      portable_.add_twobit(codes.data(), 0.5F, sums.data(), n);
      fast_->add_twobit(codes.data(), 0.5F, sums_fast.data(), n);
      ASSERT_EQ(bits_of(sums), bits_of(sums_fast));
    }
  }
}

}  // namespace
}  // namespace geomx::ps
