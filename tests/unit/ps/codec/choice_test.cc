#include "ps/codec/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ps/codec/bisparse.h"
#include "ps/codec/nonzeros.h"
#include "tests/support/reference.h"
#include "tests/unit/ps/codec/messages.h"

namespace geomx::ps::testing {
namespace {

CodecConfig named(const std::string& name) {
  CodecConfig config;
  config.name = name;
  return config;
}

// The table of choice.h, row by row, on both sides of the bound.
TEST(ChoiceTest, FollowsTheTable) {
  using enum Format;
  struct Row {
    std::string name;
    // Small tensors, then large ones; each: LAN push, LAN pull, WAN push, WAN pull.
    std::vector<Format> small, large;
  };
  const std::vector<Row> table = {
      {"none", {fp32, fp32, fp32, fp32}, {fp32, fp32, fp32, fp32}},
      {"fp16", {fp16, fp16, fp16, fp16}, {fp16, fp16, fp16, fp16}},
      {"bf16", {bf16, bf16, bf16, bf16}, {bf16, bf16, bf16, bf16}},
      {"bisparse", {fp32, fp32, fp32, fp32}, {fp32, fp32, sparse, sparse}},
      {"mpq", {fp16, fp16, fp16, fp16}, {fp32, fp32, sparse, sparse}},
      {"2bit", {twobit, fp32, twobit, fp32}, {twobit, fp32, twobit, fp32}},
  };
  for (const Row& row : table) {
    CodecConfig config = named(row.name);
    config.size_lower_bound = 200;
    for (const std::uint64_t length : {199U, 200U}) {
      std::vector<Format> got;
      for (const Link link : {Link::lan, Link::wan}) {
        for (const Direction direction : {Direction::push, Direction::pull}) {
          got.push_back(encoder_for(config, length, link, direction)->format());
        }
      }
      EXPECT_EQ(got, length < 200 ? row.small : row.large) << row.name << " of " << length;
    }
  }
}

// What is pulled is every non-zero, not the largest few once more.
TEST(ChoiceTest, ThePullOfASparsePushIsTheWholeUnion) {
  CodecConfig config = named("bisparse");
  config.ratio = 0.01;
  std::vector<float> sums(1000);
  for (std::size_t i = 0; i < sums.size(); i += 7) sums[i] = static_cast<float>(i + 1);
  const auto pull = encoder_for(config, 1000, Link::wan, Direction::pull);
  EXPECT_EQ(decoded(pull->format(), encoded(*pull, sums), 1000), sums);
}

TEST(ChoiceTest, SettingsReachTheEncoder) {
  const std::vector<float> g = normal(1000);
  const auto push = [&](const CodecConfig& config) {
    SliceState state;
    encoded(*encoder_for(config, 1000, Link::wan, Direction::push), g, state);
    return std::pair(encoded(*encoder_for(config, 1000, Link::wan, Direction::push), g, state), state);
  };
  CodecConfig config = named("mpq");
  config.ratio = 0.05;
  const auto [plain, plain_state] = push(config);
  EXPECT_EQ(plain, [&] {
    SliceState state;
    encoded(BiSparse({.ratio = 0.05}), g, state);
    return encoded(BiSparse({.ratio = 0.05}), g, state);
  }());
  EXPECT_TRUE(plain_state.velocity.empty());
  config.momentum_correction = true;
  const auto [corrected, corrected_state] = push(config);
  EXPECT_NE(corrected, plain);
  EXPECT_EQ(corrected_state.velocity.size(), 1000U);
  config.half_values = true;
  EXPECT_EQ(push(config).first.size(), corrected.size() - 2 * 50);
  config = named("2bit");
  config.threshold = 0.125;
  const std::vector<float> read = decoded(Format::twobit, push(config).first, 1000);
  EXPECT_THAT(read, ::testing::Each(::testing::AnyOf(0.0F, 0.125F, -0.125F)));
}

TEST(ChoiceTest, MomentumIsCorrectedForSgdWithoutMomentumAlone) {
  EXPECT_TRUE(corrects_momentum(sgd(0.1)));
  EXPECT_FALSE(corrects_momentum(sgd(0.1, 0.9)));
  EXPECT_FALSE(corrects_momentum(adam(0.1)));
}

TEST(ChoiceTest, WorkersStepWhereTheSumsComeBack) {
  for (const char* name : {"none", "fp16", "bf16", "2bit"}) EXPECT_FALSE(workers_step(named(name))) << name;
  for (const char* name : {"bisparse", "mpq"}) EXPECT_TRUE(workers_step(named(name))) << name;
}

TEST(ChoiceTest, RefusesWhatCannotBe) {
  const auto refusal_of = [](const CodecConfig& config) -> std::string {
    try {
      validate(config);
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal_of(named("zip")), "codec \"zip\" is unknown (none, fp16, bf16, bisparse, mpq or 2bit)");
  for (const char* name : {"none", "fp16", "bf16", "bisparse", "mpq", "2bit"}) {
    EXPECT_EQ(refusal_of(named(name)), "accepted") << name;
  }
  CodecConfig config = named("mpq");
  config.ratio = 0;
  EXPECT_EQ(refusal_of(config), "bisparse: ratio is 0, must be more than 0 and at most 1");
  EXPECT_THROW(encoder_for(config, 1, Link::lan, Direction::push), Error);
  config = named("2bit");
  config.threshold = -1;
  EXPECT_EQ(refusal_of(config), "2bit: threshold is -1, must be more than 0 and finite");
}

}  // namespace
}  // namespace geomx::ps::testing
