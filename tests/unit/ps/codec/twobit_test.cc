#include "ps/codec/twobit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "tests/unit/ps/codec/messages.h"

namespace geomx::ps::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::byte> message_of(float threshold, std::initializer_list<int> codes) {
  std::vector<std::byte> message(sizeof threshold);
  std::memcpy(message.data(), &threshold, sizeof threshold);
  for (const int code : codes) message.push_back(static_cast<std::byte>(code));
  return message;
}

TEST(TwoBitTest, IsWrittenAsDocumented) {
  SliceState state;
  const std::vector<float> g = {0.5F, -0.75F, 0.25F, -0.5F, 2, 0};
  EXPECT_EQ(encoded(TwoBit(0.5F), g, state), message_of(0.5F, {0b11'10'00'10, 0b11'00'0000}));
  EXPECT_THAT(state.residual, ElementsAre(0, -0.25F, 0.25F, 0, 1.5F, 0));
  // The residual alone sends what is still above the threshold, and joins with the next gradient.
  const std::vector<float> next = {0, -0.25F, 0.125F, 0, 0, 0};
  EXPECT_THAT(decoded(Format::twobit, encoded(TwoBit(0.5F), next, state), 6), ElementsAre(0, -0.5F, 0, 0, 0.5F, 0));
  EXPECT_THAT(state.residual, ElementsAre(0, 0, 0.375F, 0, 1, 0));
}

TEST(TwoBitTest, NothingIsLost) {
  const std::size_t n = 1003;
  std::vector<float> put(n), got(n);
  SliceState state;
  std::mt19937 random(9);
  for (int round = 0; round < 100; ++round) {
    std::vector<float> g(n);
    for (float& value : g) value = static_cast<float>(random() % 17) / 8 - 1;  // exact in every sum
    for (std::size_t i = 0; i < n; ++i) put[i] += g[i];
    add(Format::twobit, encoded(TwoBit(1), g, state), got);
  }
  EXPECT_NE(got, put);
  for (std::size_t i = 0; i < n; ++i) {
    ASSERT_EQ(got[i] + state.residual[i], put[i]) << i;
    ASSERT_LT(std::abs(state.residual[i]), 1) << i;  // gradients within the threshold never fall behind by more
  }
}

TEST(TwoBitTest, RefusesWhatIsNotAMessage) {
  EXPECT_EQ(refusal(Format::twobit, message_of(1, {0x2e}), 4), "accepted");
  EXPECT_EQ(refusal(Format::twobit, message_of(1, {0x1e}), 4), "a 2bit slice with the code 01, which means nothing");
  EXPECT_EQ(refusal(Format::twobit, message_of(1, {0xff}), 3), "a 2bit slice with more codes than its 3 elements");
  EXPECT_EQ(refusal(Format::twobit, message_of(1, {0xfc}), 3), "accepted");
  EXPECT_EQ(refusal(Format::twobit, message_of(1, {0, 0}), 4), "a 2bit slice of 6 bytes, where 5 are wanted");
  EXPECT_EQ(refusal(Format::twobit, message_of(std::numeric_limits<float>::quiet_NaN(), {0}), 4),
            "a 2bit slice whose threshold is nan, which is not a number above 0");
  for (const float threshold : {0.0F, -1.0F, std::numeric_limits<float>::infinity()}) {
    EXPECT_NE(refusal(Format::twobit, message_of(threshold, {0}), 4), "accepted") << threshold;
    EXPECT_THROW(TwoBit{threshold}, Error) << threshold;
  }
}

}  // namespace
}  // namespace geomx::ps::testing
