// The CUDA backend's kernels and programs, carried out on the host: gradients against differences of the loss, and
// bf16 against fp32.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/support/host_machine.h"
#include "tests/support/small_networks.h"
#include "trainer/model/initial.h"

namespace geomx::trainer {
namespace {

using cuda::Home;
using cuda::Number;
using testing::HostMachine;
using testing::kSmallNetworks;
using testing::SmallNetwork;

constexpr std::size_t kBatch = 3;

// Random samples and labels, and parameters that have none of the zeros and ones which hide mistakes.
void fill(HostMachine& machine, const Graph& graph) {
  Random random(7);
  const bool tokens = testing::reads_tokens(graph);
  const std::size_t samples = kBatch * elements(graph.input_shape());
  for (std::size_t i = 0; i < samples; ++i) {
    machine.block_of<float>(Home::samples)[i] =
        tokens ? static_cast<float>(random.below(testing::kVocabulary)) : random.uniform(-1.0F, 1.0F);
  }
  for (std::size_t i = 0; i < cuda::labels_of(graph, kBatch); ++i) {
    machine.block_of<std::int32_t>(Home::labels)[i] =
        static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(graph.classes())));
  }
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) {
    machine.keys()[n] = dropout_key(1, 0, n);
  }
  Tensors parameters(graph.parameters());
  initialise(graph, parameters, 3);
  const auto offsets = cuda::offsets_of(graph.parameters());
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    float* to = machine.block_of<float>(Home::parameters) + offsets[t] / sizeof(float);
    for (std::size_t i = 0; i < parameters[t].size(); ++i) to[i] = parameters[t][i] + random.uniform(-0.2F, 0.2F);
  }
  Tensors buffers(graph.buffers());
  initialise_buffers(buffers);
  const auto places = cuda::offsets_of(graph.buffers());
  for (std::size_t t = 0; t < buffers.count(); ++t) {
    std::ranges::copy(buffers[t], machine.block_of<float>(Home::buffers) + places[t] / sizeof(float));
  }
}

double loss_of(HostMachine& machine) {
  machine.run();
  const auto* result = machine.block_of<cuda::Result>(Home::result);
  return result->loss / static_cast<double>(*machine.block_of<std::uint64_t>(Home::counted));
}

class Kernels : public ::testing::TestWithParam<SmallNetwork> {};

// Along the gradient itself of each tensor, where the loss changes most: its slope is the gradient's length.
TEST_P(Kernels, GradientsAreTheLossesDifferences) {
  const Graph graph = GetParam().make();
  HostMachine machine(graph, kBatch, Number::fp32, true);
  fill(machine, graph);
  loss_of(machine);
  const auto offsets = cuda::offsets_of(graph.parameters());
  const std::vector<float> gradients(machine.block_of<float>(Home::gradients),
                                     machine.block_of<float>(Home::gradients) + offsets.back() / sizeof(float));
  float* parameters = machine.block_of<float>(Home::parameters);
  const std::vector<float> before(parameters, parameters + gradients.size());
  double longest = 0;
  std::vector<double> lengths;
  for (std::size_t t = 0; t + 1 < offsets.size(); ++t) {
    double squares = 0;
    for (std::size_t i = offsets[t] / 4; i < offsets[t + 1] / 4; ++i) squares += double{gradients[i]} * gradients[i];
    lengths.push_back(std::sqrt(squares));
    longest = std::max(longest, lengths.back());
  }
  ASSERT_GT(longest, 0.01);
  for (std::size_t t = 0; t + 1 < offsets.size(); ++t) {
    // A bias before a batch norm has no effect, for one; its gradient is rounding.
    if (lengths[t] < 1e-3 * longest) continue;
    const auto at = [&](double way) {
      for (std::size_t i = offsets[t] / 4; i < offsets[t + 1] / 4; ++i) {
        parameters[i] = before[i] + static_cast<float>(way * gradients[i] / lengths[t]);
      }
      return loss_of(machine);
    };
    constexpr double kStep = 4e-3;
    const double slope = (at(kStep) - at(-kStep)) / (2 * kStep);
    at(0);
    EXPECT_NEAR(slope, lengths[t], 0.03 * lengths[t] + 1e-4) << graph.parameters()[t].name;
  }
}

TEST_P(Kernels, Bf16IsCloseToFp32) {
  const Graph graph = GetParam().make();
  HostMachine exact(graph, kBatch, Number::fp32, true);
  HostMachine rounded(graph, kBatch, Number::bf16, true);
  fill(exact, graph);
  fill(rounded, graph);
  EXPECT_NEAR(loss_of(rounded), loss_of(exact), 0.03);
  const std::size_t count = cuda::offsets_of(graph.parameters()).back() / sizeof(float);
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double a = exact.block_of<float>(Home::gradients)[i];
    const double b = rounded.block_of<float>(Home::gradients)[i];
    difference += (a - b) * (a - b);
    size += a * a;
  }
  // Rounding puts a few values on the other side of a kink; a mistake in a layout is worth about 1.
  EXPECT_LT(std::sqrt(difference / size), 0.15);
}

// Every tensor is needed before the steps that read it and ready once, the last layers' first.
TEST_P(Kernels, ParametersAreNeededAndReadyInOrder) {
  const Graph graph = GetParam().make();
  const cuda::Program program = cuda::make_program(graph, kBatch, Number::fp32, true);
  const std::size_t count = graph.parameters().size();
  ASSERT_EQ(program.needed.size(), count);
  ASSERT_EQ(program.ready.size(), count);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(program.needed[i].tensor, i);
    EXPECT_EQ(program.ready[i].tensor, count - 1 - i);
    const auto& spec = graph.parameters()[i].name;
    for (std::size_t step = 0; step < program.needed[i].begin; ++step) {
      for (const auto id : program.steps[step].reads) EXPECT_NE(program.values[id].name, spec) << step;
    }
    const auto& last = graph.parameters()[program.ready[i].tensor].name;
    for (std::size_t step = program.ready[i].end; step < program.steps.size(); ++step) {
      for (const auto id : program.steps[step].writes) EXPECT_NE(program.values[id].name, last + ".gradient") << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Kernels, ::testing::ValuesIn(kSmallNetworks),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace geomx::trainer
