#include "ps/codec/bisparse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "ps/codec/half.h"
#include "tests/unit/ps/codec/messages.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// The formula of bisparse.h, written down a second time, with a sort.
class Reference {
 public:
  Reference(std::size_t n, std::size_t k, float momentum) : k_(k), momentum_(momentum), u_(n), v_(n) {}

  std::vector<float> send(const std::vector<float>& g) {
    const std::size_t n = g.size();
    for (std::size_t i = 0; i < n; ++i) {
      u_[i] = momentum_ == 0 ? g[i] : momentum_ * u_[i] + g[i];
      v_[i] += u_[i];
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k_), order.end(),
                      [this](std::size_t a, std::size_t b) {
                        return std::pair(-std::abs(v_[a]), a) < std::pair(-std::abs(v_[b]), b);
                      });
    std::vector<float> sent(n);
    for (std::size_t at = 0; at < k_; ++at) {
      const std::size_t i = order[at];
      sent[i] = v_[i];
      u_[i] = v_[i] = 0;
    }
    return sent;
  }

 private:
  std::size_t k_;
  float momentum_;
  std::vector<float> u_, v_;
};

// Heavy tails, many zeros and many equal values: what gradients have.
std::vector<float> gradient(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution;
  std::vector<float> values(n);
  for (float& value : values) {
    const float x = distribution(random);
    switch (random() % 4) {
      case 0:
        value = x * x * x;
        break;
      case 1:
        value = x > 0 ? 0.5F : -0.5F;
        break;
      case 2:
        value = x;
        break;
      default:
        value = 0;
    }
  }
  return values;
}

TEST(BiSparseTest, FollowsTheFormulaAtAnyLengthAndRatio) {
  for (const float momentum : {0.0F, 0.9F}) {
    for (const std::size_t n : {1U, 2U, 7U, 9U, 100U, 2047U, 2048U, 5000U, 65'536U}) {
      for (const double ratio : {1e-5, 0.001, 0.01, 0.1, 0.5, 1.0}) {
        if (n > 10'000 && ratio > 0.1) continue;  // the sort takes its time, and nothing is new
        const BiSparse encoder({.ratio = ratio, .momentum = momentum});
        const std::size_t k = encoder.most_elements(n);
        Reference reference(n, k, momentum);
        SliceState state;
        for (unsigned round = 0; round < 4; ++round) {
          const std::vector<float> g = gradient(n, round);
          const std::vector<float> expected = reference.send(g);
          const std::vector<std::byte> message = encoded(encoder, g, state);
          ASSERT_TRUE(decoded(Format::sparse, message, n) == expected)
              << "n " << n << ", ratio " << ratio << ", momentum " << momentum << ", round " << round;
        }
      }
    }
  }
}

std::uint32_t count_of(const std::vector<std::byte>& message) {
  std::uint32_t count = 0;
  std::memcpy(&count, message.data(), sizeof count);
  return count;
}

TEST(BiSparseTest, SendsTheStatedCount) {
  EXPECT_EQ(BiSparse({.ratio = 0.01}).most_elements(1000), 10U);
  EXPECT_EQ(BiSparse({.ratio = 0.07}).most_elements(100), 7U);
  EXPECT_EQ(BiSparse({.ratio = 0.01}).most_elements(149), 1U);
  EXPECT_EQ(BiSparse({.ratio = 0.01}).most_elements(150), 2U);  // 1.5, rounded
  EXPECT_EQ(BiSparse({.ratio = 1e-9}).most_elements(3), 1U);
  EXPECT_EQ(BiSparse({.ratio = 1}).most_elements(3), 3U);
  EXPECT_EQ(BiSparse({.ratio = 0.5}).most_elements(0), 0U);
  // Fewer only where fewer are not zero; whatever the sample sees.
  const BiSparse encoder({.ratio = 0.01});
  for (const std::size_t nonzeros : {0U, 1U, 654U, 655U, 656U, 2000U, 65'536U}) {
    std::vector<float> g(65'536);
    for (std::size_t i = 0; i < nonzeros; ++i) g[i] = 3;
    SliceState state;
    EXPECT_EQ(count_of(encoded(encoder, g, state)), std::min<std::size_t>(nonzeros, 655)) << nonzeros;
  }
}

// 19 of 20 that go are far larger than the rest. Where the sample happens to see twelve of them, one time in 2500, its
// estimate leaves out the twentieth.
TEST(BiSparseTest, AMisleadingSampleCostsTimeOnly) {
  const std::size_t n = 2048;
  const BiSparse encoder({.ratio = 0.01});
  ASSERT_EQ(encoder.most_elements(n), 20U);
  std::vector<std::byte> message(encoder.most_bytes(n));
  std::mt19937 random(21);
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    std::vector<float> g(n, 1e-3F);
    for (int i = 0; i < 19; ++i) g[random() % n] += 1000;
    SliceState state{.velocity = {}, .residual = {}, .messages = seed};
    encoder.encode(g, state, message);
    ASSERT_EQ(count_of(message), 20U) << seed;
    for (const float kept : state.residual) ASSERT_LT(kept, 1000);
  }
}

TEST(BiSparseTest, OfEqualElementsTheFirstGo) {
  SliceState state;
  const std::vector<float> g = {1, -1, 1, 2, -1, 1, 1, 1};
  EXPECT_THAT(decoded(Format::sparse, encoded(BiSparse({.ratio = 0.5}), g, state), 8),
              ElementsAre(1, -1, 1, 2, 0, 0, 0, 0));
}

// Error feedback: what was sent and what is kept is what has come in, to the bit where all numbers are small integers.
TEST(BiSparseTest, NothingIsLost) {
  for (const SparseValues values : {SparseValues::fp32, SparseValues::fp16}) {
    const std::size_t n = 1000;
    const BiSparse encoder({.ratio = 0.02, .values = values});
    std::vector<float> put(n), got(n);
    SliceState state;
    std::mt19937 random(2);
    for (int round = 0; round < 50; ++round) {
      std::vector<float> g(n);
      // Up to 17 bits: a half cannot hold them, so rounding has to stay behind as well.
      for (float& value : g) value = static_cast<float>(static_cast<int>(random() % 131'071) - 65'535);
      for (std::size_t i = 0; i < n; ++i) put[i] += g[i];
      add(Format::sparse, encoded(encoder, g, state), got);
    }
    EXPECT_NE(got, put);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(got[i] + state.residual[i], put[i]) << i;
    // Without new gradients the rest follows, the largest first.
    const std::vector<float> none(n);
    for (int round = 0; round < 400; ++round) add(Format::sparse, encoded(encoder, none, state), got);
    EXPECT_EQ(got, put);
    EXPECT_THAT(state.residual, Each(0.0F));
  }
}

// An element that waits collects 1 + 1.9 + 2.71 of a gradient of 1; without momentum correction, 3.
TEST(BiSparseTest, MomentumCorrectionAccumulatesVelocity) {
  const std::vector<float> g = {1, 100};  // the second goes every time
  SliceState with, without;
  const BiSparse corrected({.ratio = 0.5, .momentum = 0.9F}), plain({.ratio = 0.5});
  for (int round = 0; round < 3; ++round) {
    encoded(corrected, g, with);
    encoded(plain, g, without);
  }
  EXPECT_FLOAT_EQ(with.residual[0], 5.61F);
  EXPECT_FLOAT_EQ(with.velocity[0], 2.71F);
  EXPECT_EQ(without.residual[0], 3);
  EXPECT_TRUE(without.velocity.empty());
  // What was sent has no momentum left: the next message carries the gradient alone.
  EXPECT_EQ(with.velocity[1], 0);
  EXPECT_THAT(decoded(Format::sparse, encoded(corrected, g, with), 2), ElementsAre(0, 100));
}

TEST(BiSparseTest, RefusesWhatCannotBe) {
  const auto refusal_of = [](const BiSparseSettings& settings) -> std::string {
    try {
      const BiSparse encoder(settings);
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal_of({.ratio = 1}), "accepted");
  EXPECT_EQ(refusal_of({.ratio = 0}), "bisparse: ratio is 0, must be more than 0 and at most 1");
  EXPECT_EQ(refusal_of({.ratio = 1.5}), "bisparse: ratio is 1.5, must be more than 0 and at most 1");
  EXPECT_EQ(refusal_of({.ratio = std::numeric_limits<double>::quiet_NaN()}),
            "bisparse: ratio is nan, must be more than 0 and at most 1");
  EXPECT_EQ(refusal_of({.momentum = 1}), "bisparse: momentum is 1, must be in [0, 1)");
  SliceState state;
  encoded(BiSparse({}), normal(10), state);
  try {
    encoded(BiSparse({}), normal(11), state);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the state of a slice of 10 elements, used for one of 11");
  }
}

}  // namespace
}  // namespace geomx::ps::testing
