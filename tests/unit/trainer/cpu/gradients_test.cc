#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/support/distance.h"
#include "tests/support/reference_network.h"
#include "tests/support/samples.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

void fill(const Graph& model, Tensors& parameters, std::uint64_t seed) {
  initialise(model, parameters, seed);
  Random random(seed, 99);  // biases too, or their part of the forward pass would go untested
  for (std::size_t t = 1; t < parameters.count(); t += 2) {
    for (float& value : parameters[t]) value = random.uniform(-0.1f, 0.1f);
  }
}

Graph cnn() {
  return make_model("cnn", {1, 28, 28}, 10);
}

// Several channels, not square, with a remainder at the pool's edge.
Graph tiny() {
  Graph graph("tiny", {3, 11, 9});
  graph.chain(graph.input(), {Convolution{.channels = 5, .kernel = 3}, Relu{}, MaxPool{},
                              Convolution{.channels = 7, .kernel = 2}, Linear{12}, Relu{}, Linear{4}});
  return graph;
}

void expect_like_reference(const Graph& model, std::size_t batch, int threads) {
  const auto backend = make_cpu_backend(model, {.batch = batch, .threads = threads});
  fill(model, backend->parameters(), 5);
  const Samples samples = random_samples(model, batch, 6);
  std::vector<std::size_t> order;
  const double loss = backend->step(samples.batch(), [&](std::size_t tensor) { order.push_back(tensor); });
  const auto reference = reference_step(model, backend->parameters(), samples.batch());
  EXPECT_NEAR(loss, reference.loss, 1e-5 * reference.loss);
  for (std::size_t t = 0; t < backend->parameters().count(); ++t) {
    EXPECT_LT(test::distance(backend->gradients()[t], reference.gradients[t]), 2e-6)
        << backend->parameters().spec(t).name;
  }
  // Every tensor once, deep layers first.
  ASSERT_EQ(order.size(), backend->parameters().count());
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], order.size() - 1 - i);
}

// The double reference is checked against finite differences, then the backend against the reference.
TEST(ReferenceNetwork, GradientsAreFiniteDifferences) {
  const Graph model = tiny();
  Tensors parameters(model.parameters());
  fill(model, parameters, 1);
  const Samples samples = random_samples(model, 3, 2);
  const auto exact = reference_step(model, parameters, samples.batch());
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    const std::size_t stride = std::max<std::size_t>(1, parameters[t].size() / 7);
    for (std::size_t i = 0; i < parameters[t].size(); i += stride) {
      const float before = parameters[t][i];
      const float high = before + 1e-3f;
      const float low = before - 1e-3f;
      parameters[t][i] = high;
      const double up = reference_step(model, parameters, samples.batch()).loss;
      parameters[t][i] = low;
      const double down = reference_step(model, parameters, samples.batch()).loss;
      parameters[t][i] = before;
      EXPECT_NEAR((up - down) / (static_cast<double>(high) - low), exact.gradients[t][i], 2e-4)
          << parameters.spec(t).name << " element " << i;
    }
  }
}

TEST(CpuBackend, CnnMatchesTheReference) {
  expect_like_reference(cnn(), 8, 1);
}
TEST(CpuBackend, CnnMatchesTheReferenceOnTwoThreads) {
  expect_like_reference(cnn(), 5, 2);
}
TEST(CpuBackend, OddShapesMatchTheReference) {
  expect_like_reference(tiny(), 3, 1);
}

TEST(CpuBackend, SameInputSameBits) {
  const Graph model = cnn();
  const Samples samples = random_samples(model, 32, 3);
  std::vector<std::unique_ptr<Backend>> backends;
  std::vector<double> losses;
  for (int i = 0; i < 2; ++i) {
    auto& backend = backends.emplace_back(make_cpu_backend(model, {.batch = 32, .threads = 1}));
    fill(model, backend->parameters(), 4);
    // The second one runs on another thread and has computed something else before.
    std::thread([&, again = i == 1] {
      if (again) backend->step(random_samples(model, 32, 77).batch(), [](std::size_t) {});
      losses.push_back(backend->step(samples.batch(), [](std::size_t) {}));
    }).join();
  }
  EXPECT_EQ(losses[0], losses[1]);
  for (std::size_t t = 0; t < backends[0]->parameters().count(); ++t) {
    const auto a = backends[0]->gradients()[t];
    const auto b = backends[1]->gradients()[t];
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0) << backends[0]->parameters().spec(t).name;
  }
}

// The callee may overwrite a parameter as soon as its gradient is announced: nothing of the step may still read it.
TEST(CpuBackend, AReadyParameterIsReadNoMore) {
  const Graph model = cnn();
  const Samples samples = random_samples(model, 8, 3);
  const auto calm = make_cpu_backend(model, {.batch = 8, .threads = 1});
  const auto busy = make_cpu_backend(model, {.batch = 8, .threads = 1});
  fill(model, calm->parameters(), 4);
  fill(model, busy->parameters(), 4);
  calm->step(samples.batch(), [](std::size_t) {});
  busy->step(samples.batch(), [&](std::size_t tensor) { std::ranges::fill(busy->parameters()[tensor], 1e30f); });
  for (std::size_t t = 0; t < calm->parameters().count(); ++t) {
    const auto a = calm->gradients()[t];
    EXPECT_EQ(std::memcmp(a.data(), busy->gradients()[t].data(), a.size_bytes()), 0) << calm->parameters().spec(t).name;
  }
}

TEST(CpuBackend, ABatchInTheNetworksOwnMemoryIsTheSameBatch) {
  const Graph model = tiny();
  const auto copied = make_cpu_backend(model, {.batch = 8, .threads = 1});
  const auto in_place = make_cpu_backend(model, {.batch = 8, .threads = 1});
  fill(model, copied->parameters(), 1);
  fill(model, in_place->parameters(), 1);
  const Samples samples = random_samples(model, 8, 3);
  const double loss = copied->step(samples.batch(), [](std::size_t) {});
  std::ranges::copy(samples.images, in_place->images().begin());
  EXPECT_EQ(in_place->step({in_place->images(), samples.labels}, [](std::size_t) {}), loss);
}

TEST(CpuBackend, ScoresAnyNumberOfSamples) {
  const Graph model = cnn();
  const auto backend = make_cpu_backend(model, {.batch = 2, .threads = 1});
  fill(model, backend->parameters(), 4);
  const Samples samples = random_samples(model, 263, 9);  // one full part and a short one
  const auto score = backend->score(samples.batch());
  const auto reference = reference_step(model, backend->parameters(), samples.batch(), {.training = false});
  EXPECT_EQ(score.samples, 263u);
  EXPECT_NEAR(score.loss / 263, reference.loss, 1e-5);
  EXPECT_EQ(score.correct, reference.correct);
}

TEST(CpuBackend, RefusesWhatItWasNotMadeFor) {
  const Graph model = cnn();
  EXPECT_THROW(make_cpu_backend(model, {.batch = 0, .threads = 1}), Error);
  EXPECT_THROW(make_cpu_backend(model, {.batch = 4, .threads = 0}), Error);
  const auto backend = make_cpu_backend(model, {.batch = 4, .threads = 1});
  EXPECT_THROW(backend->step(random_samples(model, 3, 1).batch(), [](std::size_t) {}), Error);
}

}  // namespace
}  // namespace geomx::trainer
