// Each row of the table of ops in the CUDA backend's programs, carried out on the host.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/host_backend.h"
#include "tests/support/op_check.h"

namespace geomx::trainer {
namespace {

class Ops : public ::testing::TestWithParam<OpCase> {};

TEST_P(Ops, OfTheCudaProgramAreLikeTheReference) {
  expect_like_reference(GetParam(), testing::make_host_backend, 5e-5);
}

// bf16 has 8 bits of significand; near its kink a ReLU may fall to the other side.
TEST_P(Ops, OfTheCudaProgramInBf16AreNearTheReference) {
  expect_like_reference(GetParam(), testing::make_host_backend, 0.1, Precision::bf16);
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
