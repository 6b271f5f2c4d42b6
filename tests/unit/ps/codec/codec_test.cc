#include "ps/codec/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "ps/codec/bisparse.h"
#include "ps/codec/dense.h"
#include "ps/codec/half.h"
#include "ps/codec/nonzeros.h"
#include "ps/codec/twobit.h"
#include "tests/unit/ps/codec/messages.h"

namespace geomx::ps::testing {
namespace {

using ::testing::HasSubstr;

struct Case {
  std::string name;
  std::shared_ptr<const Encoder> encoder;
};

std::shared_ptr<const Encoder> bisparse(double ratio, float momentum, SparseValues values) {
  return std::make_shared<BiSparse>(BiSparseSettings{ratio, momentum, values});
}

class CodecTest : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, CodecTest,
                         ::testing::Values(Case{"fp32", std::make_shared<Fp32>()},
                                           Case{"fp16", std::make_shared<Fp16>()},
                                           Case{"bf16", std::make_shared<Bf16>()},
                                           Case{"nonzeros", std::make_shared<NonZeros>()},
                                           Case{"nonzeros16", std::make_shared<NonZeros>(SparseValues::fp16)},
                                           Case{"bisparse", bisparse(0.1, 0, SparseValues::fp32)},
                                           Case{"bisparse_all", bisparse(1, 0.9F, SparseValues::fp32)},
                                           Case{"bisparse16", bisparse(0.05, 0.9F, SparseValues::fp16)},
                                           Case{"twobit", std::make_shared<TwoBit>(0.5F)}),
                         [](const auto& test) { return test.param.name; });

TEST_P(CodecTest, EveryLengthGoesThroughAndAddingIsDecodingOnTop) {
  const Encoder& encoder = *GetParam().encoder;
  for (std::size_t n = 0; n < 300; n += n < 70 ? 1 : 23) {
    SliceState state;
    for (unsigned round = 0; round < 3; ++round) {
      const std::vector<float> values = normal(n, round);
      const std::vector<std::byte> message = encoded(encoder, values, state);
      ASSERT_LE(message.size(), encoder.most_bytes(n));
      ASSERT_EQ(state.messages, round + 1);
      check(encoder.format(), message, n);
      ASSERT_TRUE(all_finite(encoder.format(), message));
      const std::vector<float> read = decoded(encoder.format(), message, n);
      std::vector<float> sums = normal(n, 99), expected = sums;
      for (std::size_t i = 0; i < n; ++i) expected[i] += read[i];
      add(encoder.format(), message, sums);
      ASSERT_EQ(sums, expected) << n;
    }
  }
}

TEST_P(CodecTest, TheSameValuesAndStateGiveTheSameBytes) {
  SliceState first, second;
  for (unsigned round = 0; round < 5; ++round) {
    const std::vector<float> values = normal(5000, round);
    ASSERT_EQ(encoded(*GetParam().encoder, values, first), encoded(*GetParam().encoder, values, second));
  }
}

// A state that was saved goes on where it was.
TEST_P(CodecTest, AStateCanBeCopied) {
  SliceState state;
  for (unsigned round = 0; round < 3; ++round) encoded(*GetParam().encoder, normal(500, round), state);
  SliceState copy{state.velocity, state.residual, state.messages};
  const std::vector<float> next = normal(500, 3);
  EXPECT_EQ(encoded(*GetParam().encoder, next, state), encoded(*GetParam().encoder, next, copy));
}

TEST_P(CodecTest, EveryOtherSizeIsRefused) {
  const Encoder& encoder = *GetParam().encoder;
  for (const std::size_t n : {0U, 1U, 7U, 64U}) {
    std::vector<std::byte> message = encoded(encoder, normal(n));
    for (std::size_t size = 0; size < message.size(); ++size) {
      const std::vector<std::byte> part(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_NE(refusal(encoder.format(), part, n), "accepted") << size << " of " << message.size();
    }
    message.push_back(std::byte{0});
    ASSERT_NE(refusal(encoder.format(), message, n), "accepted");
  }
}

TEST_P(CodecTest, TooLittleRoomIsRefusedBeforeTheStateChanges) {
  const Encoder& encoder = *GetParam().encoder;
  const std::vector<float> values = normal(100);
  std::vector<std::byte> room(encoder.most_bytes(100) - 1);
  SliceState state;
  try {
    encoder.encode(values, state, room);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("room for a message of " + std::to_string(room.size()) + " bytes"));
  }
  EXPECT_EQ(state.messages, 0U);
  EXPECT_TRUE(state.residual.empty());
}

// Damaged bytes are read as something else or refused; under ASan, never out of bounds.
TEST_P(CodecTest, DamagedMessagesDoNoHarm) {
  const Encoder& encoder = *GetParam().encoder;
  const std::vector<std::byte> whole = encoded(encoder, normal(200));
  std::mt19937 random(8);
  std::size_t refused = 0;
  for (int turn = 0; turn < 3000; ++turn) {
    std::vector<std::byte> message = whole;
    for (int hit = 0; hit < 1 + turn % 3; ++hit) {
      message[random() % message.size()] ^= static_cast<std::byte>(1U << (random() % 8));
    }
    const std::string said = refusal(encoder.format(), message, 200);
    ASSERT_THAT(said, Not(HasSubstr("where check"))) << said;
    if (said == "accepted") {
      all_finite(encoder.format(), message);
    } else {
      ++refused;
    }
  }
  const bool dense = encoder.format() == Format::fp32 || encoder.format() == Format::fp16 ||
                     encoder.format() == Format::bf16;  // of which all bits are values
  EXPECT_EQ(refused == 0, dense);
}

TEST_P(CodecTest, NanAndInfinityAreSeenOrRefused) {
  const Encoder& encoder = *GetParam().encoder;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const std::size_t place : {0U, 49U, 99U}) {
      std::vector<float> values = normal(100);
      values[place] = bad;
      SliceState state;
      if (encoder.format() == Format::twobit) {
        EXPECT_THROW(encoded(encoder, values, state), Error);
        EXPECT_EQ(state.messages, 0U);
        continue;
      }
      const std::vector<std::byte> message = encoded(encoder, values, state);
      EXPECT_FALSE(all_finite(encoder.format(), message)) << bad << " at " << place;
      const std::vector<float> read = decoded(encoder.format(), message, 100);
      EXPECT_FALSE(std::isfinite(read[place]));
      for (const float kept : state.residual) EXPECT_TRUE(std::isfinite(kept));
    }
  }
}

TEST(CodecReaderTest, Fp32IsTheIdentity) {
  const std::vector<float> values = {1, -0.0F, 0x1p-149F, std::numeric_limits<float>::max()};
  const std::vector<std::byte> message = encoded(Fp32(), values);
  EXPECT_THAT(message, ::testing::ElementsAreArray(std::as_bytes(std::span(values))));
  EXPECT_EQ(decoded(Format::fp32, message, 4), values);
}

TEST(CodecReaderTest, SixteenBitsAreThoseOfTheScalarConversions) {
  const std::vector<float> values = normal(1003);
  const std::vector<float> half = decoded(Format::fp16, encoded(Fp16(), values), values.size());
  const std::vector<float> bfloat = decoded(Format::bf16, encoded(Bf16(), values), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(half[i], from_half(to_half(values[i])));
    ASSERT_EQ(bfloat[i], from_bfloat(to_bfloat(values[i])));
  }
}

// Sums are fp32: a thousand halves that a half could not add up.
TEST(CodecReaderTest, HalvesAreSummedInFullPrecision) {
  const std::vector<float> values(9, 1.0F / 1024);
  const std::vector<std::byte> message = encoded(Fp16(), values);
  std::vector<float> sums(9, 4.0F);  // the next half is 4 + 1/256
  for (int i = 0; i < 1024; ++i) add(Format::fp16, message, sums);
  EXPECT_EQ(sums, std::vector<float>(9, 5.0F));
}

TEST(CodecReaderTest, UnknownFormatsAreRefused) {
  const std::vector<std::byte> message(8);
  for (const int format : {0, 6, 255}) {
    EXPECT_EQ(refusal(static_cast<Format>(format), message, 2),
              "a slice in format " + std::to_string(format) + ", which is unknown here");
  }
  EXPECT_EQ(refusal(Format::fp16, message, 3), "a slice of 8 bytes in fp16, where 6 are wanted");
}

}  // namespace
}  // namespace geomx::ps::testing
