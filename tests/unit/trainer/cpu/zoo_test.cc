// Every model of the zoo on the CPU: by fast implementations only, and the same seed gives the same bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "tests/support/samples.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"

namespace geomx::trainer {
namespace {

constexpr std::size_t kBatch = 2;

Graph small(const std::string& name) {
  return name == "gpt" ? make_model(name, {32}, 65) : make_model(name, {3, 32, 32}, 10);
}

class Zoo : public testing::TestWithParam<std::string> {};

// oneDNN's reference implementations are 100 times slower than any other.
TEST_P(Zoo, NoLayerIsOneDnnsReference) {
  for (const std::string& implementation : cpu_implementations(small(GetParam()), {.batch = kBatch})) {
    EXPECT_THAT(implementation, testing::Not(testing::HasSubstr("ref")));
  }
}

TEST_P(Zoo, SameSeedSameBits) {
  const Graph graph = small(GetParam());
  const Samples samples = random_samples(graph, kBatch, 3);
  std::vector<std::unique_ptr<Backend>> backends;
  double loss = 0;
  for (int i = 0; i < 2; ++i) {
    backends.push_back(make_cpu_backend(graph, {.batch = kBatch, .seed = 9}));
    Backend& backend = *backends.back();
    initialise(graph, backend.parameters(), 4);
    const double before = std::exchange(loss, backend.step(samples.batch(), [](std::size_t) {}));
    EXPECT_TRUE(std::isfinite(loss));
    EXPECT_TRUE(i == 0 || loss == before);
  }
  for (std::size_t t = 0; t < backends[0]->gradients().count(); ++t) {
    const auto a = backends[0]->gradients()[t];
    const auto b = backends[1]->gradients()[t];
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0) << backends[0]->parameters().spec(t).name;
  }
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const ZooEntry& model : zoo()) all.push_back(model.name);
  return all;
}
INSTANTIATE_TEST_SUITE_P(All, Zoo, testing::ValuesIn(names()), [](const auto& model) { return model.param; });

}  // namespace
}  // namespace geomx::trainer
