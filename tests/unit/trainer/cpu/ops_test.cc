// Each row of the table of ops on the CPU, and the reference that judges them against finite differences.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/op_check.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

class Reference : public testing::TestWithParam<OpCase> {};
class Ops : public testing::TestWithParam<OpCase> {};

TEST_P(Reference, GradientsAreFiniteDifferences) {
  const Graph& graph = GetParam().graph;
  Tensors parameters(graph.parameters());
  fill_parameters(graph, parameters, 1);
  const Samples samples = random_samples(graph, 2, 2);
  const auto exact = reference_step(graph, parameters, samples.batch());
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    const std::size_t stride = std::max<std::size_t>(1, parameters[t].size() / 3);
    for (std::size_t i = 0; i < parameters[t].size(); i += stride) {
      // Where the two sides differ there is a kink within reach (of a ReLU or a maximum): anything between them is
      // right.
      const float before = parameters[t][i];
      const auto loss_at = [&](float value) {
        parameters[t][i] = value;
        const double loss = reference_step(graph, parameters, samples.batch()).loss;
        parameters[t][i] = before;
        return loss;
      };
      const float high = before + 1e-4f;
      const float low = before - 1e-4f;
      const double up = (loss_at(high) - exact.loss) / (static_cast<double>(high) - static_cast<double>(before));
      const double down = (exact.loss - loss_at(low)) / (static_cast<double>(before) - static_cast<double>(low));
      EXPECT_GE(exact.gradients[t][i], std::min(up, down) - 1e-5) << parameters.spec(t).name << " element " << i;
      EXPECT_LE(exact.gradients[t][i], std::max(up, down) + 1e-5) << parameters.spec(t).name << " element " << i;
    }
  }
}

TEST_P(Ops, OnTheCpuAreLikeTheReference) {
  expect_like_reference(GetParam(), make_cpu_backend, 5e-5);
}

// bf16 has 8 bits of significand; near its kink a ReLU may fall to the other side.
TEST_P(Ops, InBf16OnTheCpuAreNearTheReference) {
  try {
    make_cpu_backend(GetParam().graph, {.batch = 1, .precision = Precision::bf16});
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: no bf16 on this processor: " << error.what();
  }
  expect_like_reference(GetParam(), make_cpu_backend, 0.1, Precision::bf16);
}

std::string name_of(const testing::TestParamInfo<OpCase>& info) {
  std::string name = info.param.name;
  std::ranges::replace(name, '/', '_');
  return name;
}
// The large ones test oneDNN's choices rather than another definition.
std::vector<OpCase> small_ones() {
  constexpr std::size_t kParameters = 10'000;
  std::vector<OpCase> cases;
  for (const OpCase& op : op_table()) {
    if (total_size(op.graph.parameters()) <= kParameters) cases.push_back(op);
  }
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Table, Reference, testing::ValuesIn(small_ones()), name_of);
INSTANTIATE_TEST_SUITE_P(Table, Ops, testing::ValuesIn(op_table()), name_of);

}  // namespace
}  // namespace geomx::trainer
