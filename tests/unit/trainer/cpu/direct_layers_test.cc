// Networks whose layers are computed by the direct kernels, and some that look like it and are not, beside the
// reference.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/distance.h"
#include "tests/support/reference_network.h"
#include "tests/support/samples.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/model/initial.h"

namespace geomx::trainer {
namespace {

Graph network(const Shape& input, const std::vector<Op>& ops) {
  Graph graph("direct", input);
  graph.chain(graph.input(), ops);
  return graph;
}

void expect_like_reference(const Graph& graph, int threads) {
  constexpr std::size_t kBatch = 5;
  const auto backend = make_cpu_backend(graph, {.batch = kBatch, .threads = threads});
  initialise(graph, backend->parameters(), 3);
  const Samples samples = random_samples(graph, kBatch, 4);
  const double loss = backend->step(samples.batch(), [](std::size_t) {});
  const auto reference = reference_step(graph, backend->parameters(), samples.batch());
  EXPECT_NEAR(loss, reference.loss, 1e-5 * reference.loss);
  for (std::size_t t = 0; t < backend->parameters().count(); ++t) {
    EXPECT_LT(test::distance(backend->gradients()[t], reference.gradients[t]), 5e-6)
        << backend->parameters().spec(t).name;
  }
}

TEST(DirectLayers, MatchTheReference) {
  struct Case {
    std::string name;
    Graph graph;
  };
  const std::vector<Case> cases{
      {"colour, padded, an odd height",
       network({3, 13, 12}, {Convolution{.channels = 16, .kernel = 3, .padding = 1}, Relu{}, MaxPool{}, Linear{7}})},
      {"one behind the other, 5x5 padded",
       network({1, 12, 16}, {Convolution{.channels = 32, .kernel = 5, .padding = 2}, Relu{}, MaxPool{},
                             Convolution{.channels = 48, .kernel = 3, .padding = 1}, Relu{}, MaxPool{}, Linear{5}})},
      {"a long row into a linear layer with and without ReLU",
       network({1, 32, 32}, {Linear{528}, Relu{}, Linear{37, false}, Relu{}, Linear{4}})},
      {"planes whose gradient is wanted",
       network({3, 10, 10}, {BatchNorm{}, Convolution{.channels = 16, .kernel = 3}, Relu{}, MaxPool{}, Linear{3}})},
      {"no bias",
       network({1, 10, 10}, {Convolution{.channels = 16, .kernel = 3, .bias = false}, Relu{}, MaxPool{}, Linear{3}})},
      {"a pool that overlaps", network({1, 11, 11}, {Convolution{.channels = 16, .kernel = 3}, Relu{},
                                                     MaxPool{.size = 3, .stride = 2}, Linear{3}})},
      {"a stride",
       network({1, 14, 14}, {Convolution{.channels = 16, .kernel = 3, .stride = 2}, Relu{}, MaxPool{}, Linear{3}})},
      {"many channels",
       network({3, 12, 12}, {Convolution{.channels = 64, .kernel = 3, .padding = 1}, Relu{}, MaxPool{},
                             Convolution{.channels = 64, .kernel = 3, .padding = 1}, Relu{}, MaxPool{}, Linear{3}})},
  };
  for (const Case& one : cases) {
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(one.name + ", threads: " + std::to_string(threads));
      expect_like_reference(one.graph, threads);
    }
  }
}

// Training and evaluation go by the same kernels: what a batch scores is what the step lost.
TEST(DirectLayers, ScoreWhatAStepLoses) {
  const Graph graph = network({1, 12, 12}, {Convolution{.channels = 16, .kernel = 5}, Relu{}, MaxPool{}, Linear{4}});
  const auto backend = make_cpu_backend(graph, {.batch = 8});
  initialise(graph, backend->parameters(), 3);
  const Samples samples = random_samples(graph, 8, 4);
  const double lost = backend->step(samples.batch(), [](std::size_t) {});
  EXPECT_NEAR(backend->score(samples.batch()).loss / 8, lost, 1e-6);
}

TEST(DirectLayers, WideConvolutionsOfThreeByThreeAreWinograds) {
  if (!__builtin_cpu_supports("avx512f")) GTEST_SKIP() << "oneDNN has Winograd for AVX-512 only";
  const auto winograds = [](long channels, int stride) {
    const Graph graph = network(
        {3, 16, 16},
        {Convolution{.channels = static_cast<int>(channels), .kernel = 1},
         Convolution{.channels = static_cast<int>(channels), .kernel = 3, .stride = stride, .padding = 1}, Linear{3}});
    int count = 0;
    for (const std::string& name : cpu_implementations(graph, {.batch = 4})) {
      count += name.find("wino") != std::string::npos ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(winograds(64, 1), 3);  // forwards, the gradients of the data and of the weights
  EXPECT_EQ(winograds(512, 1), 3);
  EXPECT_EQ(winograds(32, 1), 0);
  EXPECT_EQ(winograds(64, 2), 0);
}

}  // namespace
}  // namespace geomx::trainer
