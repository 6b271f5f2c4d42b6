// The bytes that a round costs between parties: the formulas of docs/algorithms.md, and what is on the wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/support/ps_job.h"
#include "tests/support/ps_watch.h"

namespace geomx::ps::testing {
namespace {

using ::testing::Each;
using ::testing::IsEmpty;

// The examples' network: 178,762 parameters in 10 tensors, of which 4 have 1000 elements or more.
const std::vector<std::size_t> kCnn = {400, 16, 12800, 32, 131072, 256, 32768, 128, 1280, 10};
constexpr double kParameters = 178762;

struct Row {
  std::string name;
  std::map<std::string, std::string> settings;
  // Bytes per party and round of its workers, without headers.
  double up = 0, down = 0;
  double tolerance = 0;  // of the sparse formats, whose length depends on the values
};

class WireBytesTest : public ::testing::TestWithParam<Row> {};

constexpr double kLarge = 12800 + 131072 + 32768 + 1280;
constexpr double kSmall = kParameters - kLarge;
// Golomb-Rice: 4 bytes and about 1.6 + log2(1/t) bits for each of n*t elements.
constexpr double kSparse1 = 0.01 * kLarge * (4 + (1.6 + 6.64) / 8);
constexpr double kUnion1 = 2 * kSparse1;  // at most: what two parties send need not overlap

INSTANTIATE_TEST_SUITE_P(
    All, WireBytesTest,
    ::testing::Values(
        Row{"fsa", {}, 4 * kParameters, 4 * kParameters},
        Row{"mixed", {{"GEOMX_SYNC", "mixed"}}, 4 * kParameters, 4 * kParameters},
        Row{"hfa",
            {{"GEOMX_SYNC", "hfa"}, {"MXNET_KVSTORE_HFA_K1", "1"}, {"MXNET_KVSTORE_HFA_K2", "2"}},
            2 * kParameters,
            2 * kParameters},
        Row{"diloco", {{"GEOMX_SYNC", "diloco"}, {"GEOMX_DILOCO_STEPS", "1"}}, 4 * kParameters, 4 * kParameters},
        Row{"esync", {{"GEOMX_SYNC", "esync"}, {"GEOMX_ESYNC_MAX_STEPS", "1"}}, 4 * kParameters, 4 * kParameters},
        Row{"fp16", {{"GEOMX_CODEC", "fp16"}}, 2 * kParameters, 2 * kParameters},
        Row{"bf16", {{"GEOMX_CODEC", "bf16"}}, 2 * kParameters, 2 * kParameters},
        Row{"bisparse", {{"GEOMX_CODEC", "bisparse"}}, 4 * kSmall + kSparse1, 4 * kSmall + kUnion1, 0.12},
        Row{"mpq", {{"GEOMX_CODEC", "mpq"}}, 2 * kSmall + kSparse1, 2 * kSmall + kUnion1, 0.12},
        Row{"2bit", {{"GEOMX_CODEC", "2bit"}}, kParameters / 4 + 10 * 4, 4 * kParameters, 1e-4}),
    [](const auto& test) { return (test.param.name[0] == '2' ? "two_bit" : test.param.name); });

TEST_P(WireBytesTest, IsWhatTheFormulaSays) {
  constexpr std::size_t kRounds = 2;
  const Watch watch;
  const Regression model{.lengths = kCnn};
  const Trained trained = train({.settings = GetParam().settings}, watch.on(inproc_medium()), model, sgd(0.1), kRounds);
  ASSERT_THAT(trained.ends.all(), Each(IsEmpty()));
  double up = 0, down = 0, headers = 0;
  for (const Watch::Parcel& parcel : watch.parcels()) {
    if (!parcel.wan) continue;
    (parcel.answer ? down : up) += static_cast<double>(parcel.payload) / (2 * kRounds);
    headers += static_cast<double>(parcel.header) / (2 * kRounds);
  }
  std::printf("%-9s up %8.0f bytes, down %8.0f bytes, headers %5.0f bytes a party and round\n", GetParam().name.c_str(),
              up, down, headers);
  EXPECT_NEAR(up, GetParam().up, GetParam().tolerance * GetParam().up);
  EXPECT_NEAR(down, GetParam().down, GetParam().tolerance * GetParam().down);
  EXPECT_LT(headers, 1024);
}

}  // namespace
}  // namespace geomx::ps::testing
