// Each row of the table of ops on a card, against the reference in doubles.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/gpu/card.h"
#include "tests/support/op_check.h"

namespace geomx::trainer {
namespace {

std::unique_ptr<Backend> on_first_card(const Graph& graph, const BackendOptions& options) {
  return cuda::make_backend(graph, options, 0);
}

class Ops : public ::testing::TestWithParam<OpCase> {};

TEST_P(Ops, OnTheCardAreLikeTheReference) {
  SKIP_WITHOUT_CARD();
  expect_like_reference(GetParam(), on_first_card, 2e-4);
}

TEST_P(Ops, InBf16OnTheCardAreNearTheReference) {
  SKIP_WITHOUT_CARD();
  expect_like_reference(GetParam(), on_first_card, 0.1, Precision::bf16);
}

std::string name_of(const ::testing::TestParamInfo<OpCase>& info) {
  std::string name = info.param.name;
  std::ranges::replace(name, '/', '_');
  return name;
}
// What the CUDA backend computes: not the layer norm of images, which it refuses.
std::vector<OpCase> computed() {
  std::vector<OpCase> rows;
  for (const OpCase& op : op_table()) {
    if (op.name != "layer_norm/of_images") rows.push_back(op);
  }
  return rows;
}
INSTANTIATE_TEST_SUITE_P(Table, Ops, ::testing::ValuesIn(computed()), name_of);

}  // namespace
}  // namespace geomx::trainer
