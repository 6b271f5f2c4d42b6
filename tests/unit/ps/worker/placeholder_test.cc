#include "ps/worker/placeholder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

namespace geomx::ps {
namespace {

// Of this process, now; in bytes.
std::size_t own_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == "RssAnon:" && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

TEST(Filler, IsSmallNumbersOfBothSignsThatDiffer) {
  const Buffer filler = make_filler(16'384);
  const std::span<const float> values = filler.as<float>();
  ASSERT_EQ(values.size(), 16'384u);
  EXPECT_TRUE(
      std::all_of(values.begin(), values.end(), [](float value) { return value != 0 && std::abs(value) <= 1e-3F; }));
  const auto negative = std::count_if(values.begin(), values.end(), [](float value) { return value < 0; });
  EXPECT_NEAR(static_cast<double>(negative), 8192, 200);
  EXPECT_GT(std::set<float>(values.begin(), values.end()).size(), 16'000u);
}

TEST(Filler, RepeatsAndCostsNoMemory) {
  constexpr std::uint64_t kFloats = 64'000'001;  // 256 MB, and not a whole number of pieces
  [[maybe_unused]] const std::size_t before = own_memory();
  const Buffer filler = make_filler(kFloats);
  EXPECT_EQ(filler.size(), kFloats * sizeof(float));
  EXPECT_TRUE(filler.owned());
  const auto* const values = static_cast<const std::byte*>(filler.data());
  constexpr std::size_t kPeriod = 64 * 1024;
  for (std::size_t at = 0; at + kPeriod <= filler.size(); at += kPeriod) {
    ASSERT_EQ(std::memcmp(values, values + at, kPeriod), 0) << at;
  }
  const std::size_t rest = filler.size() % kPeriod;
  EXPECT_EQ(std::memcmp(values, values + filler.size() - rest, rest), 0);
#if !defined(__SANITIZE_THREAD__)  // which notes every read in memory of its own, four bytes for one
  EXPECT_LT(own_memory(), before + (8 << 20));
#endif
}

TEST(Filler, ThePartLivesWithoutTheWhole) {
  const Buffer part = make_filler(100'000).first(12);
  EXPECT_EQ(part.size(), 12u);
  EXPECT_NE(part.as<float>()[2], 0);
  EXPECT_EQ(make_filler(0).first(0).size(), 0u);
}

}  // namespace
}  // namespace geomx::ps
