// What a program is made of, and where it puts its values.

#include "trainer/cuda/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer::cuda {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kBatch = 4;

ValueId root_of(const Program& program, ValueId id) {
  while (program.values[id].base != kNone) id = program.values[id].base;
  return id;
}

// No step writes where a value lies that a later step reads, unless it is that value's own place.
void expect_no_overlap(const Program& program) {
  std::vector<std::size_t> first(program.values.size(), program.steps.size());
  std::vector<std::size_t> last(program.values.size(), 0);
  for (std::size_t step = 0; step < program.steps.size(); ++step) {
    for (const auto* ids : {&program.steps[step].reads, &program.steps[step].writes}) {
      for (const ValueId id : *ids) {
        const ValueId root = root_of(program, id);
        first[root] = std::min(first[root], step);
        last[root] = std::max(last[root], step);
      }
    }
  }
  for (ValueId a = 0; a < program.values.size(); ++a) {
    const Value& one = program.values[a];
    if (one.home != Home::arena || one.base != kNone) continue;
    EXPECT_EQ(one.offset % 256, 0);
    EXPECT_LE(one.offset + one.bytes, program.arena);
    for (ValueId b = a + 1; b < program.values.size(); ++b) {
      const Value& other = program.values[b];
      if (other.home != Home::arena || other.base != kNone) continue;
      const bool together = first[a] <= last[b] && first[b] <= last[a];
      const bool overlap = one.offset < other.offset + other.bytes && other.offset < one.offset + one.bytes;
      EXPECT_FALSE(together && overlap) << one.name << " and " << other.name;
    }
  }
}

std::size_t everything(const Program& program) {
  std::size_t bytes = 0;
  for (const Value& value : program.values) bytes += value.home == Home::arena ? value.bytes : 0;
  return bytes;
}

TEST(Program, OfEveryModelOfTheZooHasItsValuesApart) {
  for (const ZooEntry& entry : zoo()) {
    const Graph graph = entry.name == "gpt" ? entry.make({16}, 65) : entry.make({3, 32, 32}, 10);
    for (const Number number : {Number::fp32, Number::bf16}) {
      SCOPED_TRACE(entry.name);
      const Program training = make_program(graph, kBatch, number, true);
      expect_no_overlap(training);
      EXPECT_LT(training.arena, 0.9 * static_cast<double>(everything(training)));  // most of alexnet are weights
      const Program scoring = make_program(graph, kBatch, number, false);
      expect_no_overlap(scoring);
      EXPECT_LT(scoring.arena, training.arena);
    }
  }
}

TEST(Program, MakesARelUPartOfTheStepBefore) {
  const Program program = make_program(make_model("cnn", {1, 28, 28}, 10), kBatch, Number::fp32, true);
  for (const StepInfo& info : program.steps) {
    const auto* map = std::get_if<MapStep>(&info.step);
    EXPECT_FALSE(map != nullptr && map->function == Function::relu) << info.node;
  }
}

TEST(Program, DoesNotComputeTheGradientOfTheSamples) {
  const Program program = make_program(make_model("cnn", {1, 28, 28}, 10), kBatch, Number::fp32, true);
  const auto data_passes = std::ranges::count_if(program.steps, [](const StepInfo& info) {
    const auto* convolution = std::get_if<ConvolutionStep>(&info.step);
    return convolution != nullptr && convolution->pass == Pass::backward_data;
  });
  EXPECT_EQ(data_passes, 1);  // of two convolutions
}

TEST(Program, RefusesWhatAnIndexDoesNotCount) {
  const Graph graph = make_model("resnet50", {3, 224, 224}, 1000);
  try {
    make_program(graph, 4096, Number::bf16, true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("resnet50"));
    EXPECT_THAT(error.what(), HasSubstr("take a smaller batch"));
  }
}

TEST(Program, SaysItsSteps) {
  const std::string text = to_string(make_program(make_model("mlp", {1, 28, 28}, 10), kBatch, Number::fp32, true));
  EXPECT_THAT(text, HasSubstr("fc1: samples, fc1.weight, fc1.bias -> fc1\n"));
  EXPECT_THAT(text, HasSubstr("arena: "));
}

}  // namespace
}  // namespace geomx::trainer::cuda
