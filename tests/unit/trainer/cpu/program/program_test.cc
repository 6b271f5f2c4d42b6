#include "trainer/cpu/program/program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

using Desc = dnnl::memory::desc;

constexpr long kFloats = 1000;

Desc row(long floats) {
  return {{floats}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a};
}

// Each operation adds up some earlier values in one of its own: were one overwritten before its last reader, the sums
// would not be those of a run with a place for each.
TEST(Program, ValuesLastUntilTheirLastReader) {
  constexpr std::size_t kValues = 60;
  Random random(3);
  Program program;
  std::vector<dnnl::memory> values;
  std::vector<std::vector<std::size_t>> sources(kValues);
  for (std::size_t v = 0; v < kValues; ++v) {
    values.push_back(program.value(row(kFloats)));
    for (std::size_t i = 0; i < std::min<std::size_t>(v, 2); ++i) {
      sources[v].push_back(v - 1 - random.below(std::min<std::size_t>(v, 9)));
    }
    std::vector<dnnl::memory> memories{values[v]};
    for (const std::size_t source : sources[v]) memories.push_back(values[source]);
    program.add(
        [v, memories] {
          float* out = floats(memories[0]);
          std::fill_n(out, kFloats, static_cast<float>(v));
          for (std::size_t m = 1; m < memories.size(); ++m) {
            for (long i = 0; i < kFloats; ++i) out[i] += floats(memories[m])[i] / 2;
          }
        },
        memories);
  }
  const dnnl::memory kept = program.lasting_value(row(kFloats));
  program.copy(values.back(), kept);
  program.finish();
  EXPECT_LT(program.bytes(), kValues * kFloats * sizeof(float) / 3);

  std::vector<float> expected(kValues);
  for (std::size_t v = 0; v < kValues; ++v) {
    expected[v] = static_cast<float>(v);
    for (const std::size_t source : sources[v]) expected[v] += expected[source] / 2;
  }
  for (int again = 0; again < 2; ++again) {
    program.run(0, program.size());
    for (long i = 0; i < kFloats; ++i) ASSERT_EQ(floats(kept)[i], expected.back()) << i;
  }
}

// What is written between runs is still there in the next one, whatever ran.
TEST(Program, LastingValuesShareTheirPlaceWithNone) {
  Program program;
  const dnnl::memory kept = program.lasting_value(row(kFloats));
  const dnnl::memory scratch = program.value(row(3 * kFloats));
  const dnnl::memory out = program.lasting_value(row(kFloats));
  program.add([scratch] { std::fill_n(floats(scratch), 3 * kFloats, -1.0f); }, {scratch});
  program.copy(kept, out);
  program.finish();
  std::iota(floats(kept), floats(kept) + kFloats, 0.0f);
  for (int again = 0; again < 2; ++again) {
    program.run(0, program.size());
    for (long i = 0; i < kFloats; ++i) ASSERT_EQ(floats(out)[i], static_cast<float>(i));
  }
}

TEST(Program, AViewIsPartOfItsValue) {
  Program program;
  const dnnl::memory whole = program.lasting_value(row(10));
  const dnnl::memory tail = program.view(whole, row(4), 6 * sizeof(float));
  program.finish();
  EXPECT_EQ(floats(tail), floats(whole) + 6);
}

}  // namespace
}  // namespace geomx::trainer
