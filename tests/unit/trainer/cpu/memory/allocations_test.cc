// No memory is asked for in a training step after the first.
#include "tests/unit/trainer/cpu/memory/allocations.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/samples.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using test::Allocations;
using test::allocations;

Allocations since(const Allocations& before) {
  const Allocations now = allocations();
  return {now.ours - before.ours, now.onednns - before.onednns};
}

struct Case {
  std::string model;
  Shape input;
  int classes;
  int threads;
  Precision precision = Precision::fp32;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.model << " " << to_string(c.precision) << " on " << c.threads << " threads";
}

// The counter itself: what follows would pass without one.
TEST(Allocations, AreCounted) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "SKIPPED: sanitizers have a malloc of their own";
  const Allocations before = allocations();
  const auto ints = std::make_unique<std::vector<int>>(100);
  const std::unique_ptr<void, decltype(&std::free)> bytes(std::aligned_alloc(64, 640), &std::free);
  const Allocations made = since(before);
  EXPECT_EQ(ints->size(), 100u);
  EXPECT_NE(bytes.get(), nullptr);
  EXPECT_EQ(made.ours, 3u);
}

class Steps : public testing::TestWithParam<Case> {};

TEST_P(Steps, AfterTheFirstAskForNoMemory) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "SKIPPED: sanitizers have a malloc of their own";
  constexpr std::size_t kBatch = 8;
  constexpr std::size_t kSteps = 5;
  const Case& c = GetParam();
  const Graph graph = make_model(c.model, c.input, c.classes);
  std::unique_ptr<Backend> backend;
  try {
    backend = make_cpu_backend(graph, {.batch = kBatch, .threads = c.threads, .precision = c.precision});
  } catch (const Error& error) {
    if (c.precision == Precision::bf16) GTEST_SKIP() << "SKIPPED: no bf16 on this processor: " << error.what();
    throw;
  }
  initialise(graph, backend->parameters(), 1);
  const Samples samples = random_samples(graph, kBatch, 1);
  std::size_t told = 0;
  const Backend::OnNeeded on_needed = [&](std::size_t) { ++told; };
  const Backend::OnReady on_ready = [&](std::size_t) { ++told; };
  const Batch batch = samples.batch();
  backend->step(batch, on_needed, on_ready);
  const Allocations before = allocations();
  for (std::size_t step = 0; step < kSteps; ++step) backend->step(batch, on_needed, on_ready);
  const Allocations in_steps = since(before);
  EXPECT_EQ(told, (kSteps + 1) * 2 * graph.parameters().size());
  EXPECT_EQ(in_steps.ours, 0u);
  std::printf("%s: %zu allocations of oneDNN's in %zu steps\n", testing::PrintToString(c).c_str(), in_steps.onednns,
              kSteps);
}

// Scoring, likewise, after the first time.
TEST_P(Steps, OfEvaluationAskForNone) {
  if (!test::allocations_are_counted()) GTEST_SKIP() << "SKIPPED: sanitizers have a malloc of their own";
  const Case& c = GetParam();
  if (c.precision != Precision::fp32) GTEST_SKIP() << "fp32 shows it";
  const Graph graph = make_model(c.model, c.input, c.classes);
  const auto backend = make_cpu_backend(graph, {.batch = 1, .threads = c.threads});
  initialise(graph, backend->parameters(), 1);
  const Samples samples = random_samples(graph, 3, 1);
  backend->score(samples.batch());
  const Allocations before = allocations();
  backend->score(samples.batch());
  EXPECT_EQ(since(before).ours, 0u);
}

INSTANTIATE_TEST_SUITE_P(Zoo, Steps,
                         testing::Values(Case{"cnn", {1, 28, 28}, 10, 1}, Case{"cnn", {1, 28, 28}, 10, 2},
                                         Case{"resnet18", {3, 32, 32}, 10, 1}, Case{"resnet18", {3, 32, 32}, 10, 2},
                                         Case{"resnet18", {3, 32, 32}, 10, 2, Precision::bf16},
                                         Case{"gpt", {32}, 65, 1}, Case{"gpt", {32}, 65, 2}),
                         [](const auto& row) {
                           return row.param.model + "_" + to_string(row.param.precision) + "_" +
                                  std::to_string(row.param.threads);
                         });

}  // namespace
}  // namespace geomx::trainer
