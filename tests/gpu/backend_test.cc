// The CUDA backend on a card against the same program carried out on the host with plain loops
// (tests/support/host_machine.h), which the unit tests hold against differences of the loss.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "tests/gpu/card.h"
#include "tests/support/host_machine.h"
#include "tests/support/small_networks.h"
#include "trainer/model/initial.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/dropout.h"

namespace geomx::trainer {
namespace {

using cuda::Home;
using cuda::Number;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HostMachine;
using testing::SmallNetwork;

constexpr std::size_t kBatch = 3;
constexpr std::uint64_t kSeed = 5;

struct Data {
  std::vector<float> samples;
  std::vector<std::uint8_t> labels;
  Batch batch() const { return {samples, labels}; }
};

Data random_data(const Graph& graph, std::size_t samples) {
  Random random(7);
  Data data;
  const bool tokens = testing::reads_tokens(graph);
  for (std::size_t i = 0; i < samples * elements(graph.input_shape()); ++i) {
    data.samples.push_back(tokens ? static_cast<float>(random.below(testing::kVocabulary))
                                  : random.uniform(-1.0F, 1.0F));
  }
  for (std::size_t i = 0; i < samples * graph.labels_per_sample(); ++i) {
    data.labels.push_back(static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(graph.classes()))));
  }
  return data;
}

void set_parameters(const Graph& graph, Tensors& parameters) {
  initialise(graph, parameters, 3);
  Random random(11);
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    for (float& value : parameters[t]) value += random.uniform(-0.1F, 0.1F);
  }
}

std::unique_ptr<Backend> on_card(const Graph& graph, std::size_t batch, Precision precision = Precision::fp32) {
  auto backend = cuda::make_backend(graph, {.batch = batch, .precision = precision, .seed = kSeed}, 0);
  set_parameters(graph, backend->parameters());
  return backend;
}

// The same parameters and batch on the host; `step` is dropout's.
HostMachine on_host(const Graph& graph, const Data& data, Number number, bool training, std::uint64_t step = 0) {
  const std::size_t batch = data.labels.size() / graph.labels_per_sample();
  HostMachine machine(graph, batch, number, training);
  std::ranges::copy(data.samples, machine.block_of<float>(Home::samples));
  std::ranges::copy(data.labels, machine.block_of<std::int32_t>(Home::labels));
  for (std::size_t n = 0; n < graph.nodes().size(); ++n) machine.keys()[n] = dropout_key(kSeed, step, n);
  Tensors parameters(graph.parameters());
  set_parameters(graph, parameters);
  const auto offsets = cuda::offsets_of(graph.parameters());
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    std::ranges::copy(parameters[t], machine.block_of<float>(Home::parameters) + offsets[t] / sizeof(float));
  }
  Tensors buffers(graph.buffers());
  initialise_buffers(buffers);
  const auto places = cuda::offsets_of(graph.buffers());
  for (std::size_t t = 0; t < buffers.count(); ++t) {
    std::ranges::copy(buffers[t], machine.block_of<float>(Home::buffers) + places[t] / sizeof(float));
  }
  machine.run();
  return machine;
}

double mean_loss(HostMachine& machine) {
  return machine.block_of<cuda::Result>(Home::result)->loss /
         static_cast<double>(*machine.block_of<std::uint64_t>(Home::counted));
}

// ||a - b|| / ||b||, b being in a block of the host machine.
double distance(const Tensors& tensors, const float* block) {
  const auto offsets = cuda::offsets_of(tensors.specs());
  double difference = 0, size = 0;
  for (std::size_t t = 0; t < tensors.count(); ++t) {
    for (std::size_t i = 0; i < tensors[t].size(); ++i) {
      const double wanted = block[offsets[t] / sizeof(float) + i];
      difference += (tensors[t][i] - wanted) * (tensors[t][i] - wanted);
      size += wanted * wanted;
    }
  }
  return std::sqrt(difference / std::max(size, 1e-30));
}

std::vector<float> all(const Tensors& tensors) {
  std::vector<float> values;
  for (std::size_t t = 0; t < tensors.count(); ++t) values.insert(values.end(), tensors[t].begin(), tensors[t].end());
  return values;
}

void nothing(std::size_t) {}

class OnCard : public ::testing::TestWithParam<SmallNetwork> {
 protected:
  void compare(Precision precision, double loss_within, double gradients_within) {
    const Graph graph = GetParam().make();
    const Data data = random_data(graph, kBatch);
    const auto backend = on_card(graph, kBatch, precision);
    HostMachine host = on_host(graph, data, precision == Precision::bf16 ? Number::bf16 : Number::fp32, true);
    EXPECT_NEAR(backend->step(data.batch(), nothing), mean_loss(host), loss_within);
    EXPECT_LT(distance(backend->gradients(), host.block_of<float>(Home::gradients)), gradients_within);
    EXPECT_LT(distance(backend->buffers(), host.block_of<float>(Home::buffers)), gradients_within);
  }
};

TEST_P(OnCard, Fp32IsTheHosts) {
  SKIP_WITHOUT_CARD();
  compare(Precision::fp32, 1e-5, 1e-4);
}
TEST_P(OnCard, Tf32IsCloseToTheHosts) {
  SKIP_WITHOUT_CARD();
  compare(Precision::tf32, 1e-2, 0.05);
}
TEST_P(OnCard, Bf16IsCloseToTheHosts) {
  SKIP_WITHOUT_CARD();
  compare(Precision::bf16, 3e-2, 0.15);
}

TEST_P(OnCard, EvaluatesAsTheHostDoes) {
  SKIP_WITHOUT_CARD();
  const Graph graph = GetParam().make();
  const Data data = random_data(graph, kBatch);
  const auto backend = on_card(graph, kBatch);
  HostMachine host = on_host(graph, data, Number::fp32, false);
  const auto score = backend->score(data.batch());
  EXPECT_EQ(score.samples, data.labels.size());
  EXPECT_NEAR(score.loss, host.block_of<cuda::Result>(Home::result)->loss, 1e-4);
  EXPECT_EQ(score.correct, host.block_of<cuda::Result>(Home::result)->correct);
}

// The first step is queued as it is, later ones are CUDA graphs; and waiting for parameters divides them. All four must
// leave the same bits.
TEST_P(OnCard, LeavesTheSameBitsHoweverAStepIsRun) {
  SKIP_WITHOUT_CARD();
  const Graph graph = GetParam().make();
  const Data data = random_data(graph, kBatch);
  const auto backend = on_card(graph, kBatch);
  Tensors buffers(graph.buffers());
  initialise_buffers(buffers);
  std::vector<float> first;
  const auto slowly = [](std::size_t) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(300);
    while (std::chrono::steady_clock::now() < until) {
    }
  };
  for (int step = 0; step < 6; ++step) {
    backend->set_step(0);
    for (std::size_t t = 0; t < buffers.count(); ++t) std::ranges::copy(buffers[t], backend->buffers()[t].begin());
    std::vector<std::size_t> needed, ready;
    backend->step(
        data.batch(),
        [&](std::size_t tensor) {
          needed.push_back(tensor);
          if (step >= 2) slowly(tensor);
        },
        [&](std::size_t tensor) { ready.push_back(tensor); });
    ASSERT_EQ(needed.size(), graph.parameters().size());
    EXPECT_TRUE(std::ranges::is_sorted(needed));
    EXPECT_TRUE(std::ranges::is_sorted(ready, std::greater<>()));
    EXPECT_EQ(ready.size(), needed.size());
    if (step == 0) first = all(backend->gradients());
    EXPECT_EQ(all(backend->gradients()), first) << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, OnCard, ::testing::ValuesIn(testing::kSmallNetworks),
                         [](const auto& each) { return each.param.name; });

TEST(Card, TrainsTheCnn) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  const Data data = random_data(graph, 32);
  const auto backend = cuda::make_backend(graph, {.batch = 32}, 0);
  initialise(graph, backend->parameters(), 1);
  double first = 0, last = 0;
  for (int step = 0; step < 200; ++step) {
    last = backend->step(data.batch(), nothing);
    if (step == 0) first = last;
    for (std::size_t t = 0; t < backend->parameters().count(); ++t) {
      for (std::size_t i = 0; i < backend->parameters()[t].size(); ++i) {
        backend->parameters()[t][i] -= 0.1F * backend->gradients()[t][i];
      }
    }
  }
  EXPECT_NEAR(first, std::log(10.0), 0.5);
  EXPECT_LT(last, 0.1 * first) << "32 samples are learnt by heart";
}

// Gradients of the last layers are told before the first layers' are computed, in a network of many transfers.
TEST(Card, TellsGradientsOfAResNet) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("resnet18", {3, 16, 16}, 10);
  const Data data = random_data(graph, 4);
  const auto backend = on_card(graph, 4);
  HostMachine host = on_host(graph, data, Number::fp32, true);
  std::vector<std::size_t> ready;
  for (int step = 0; step < 3; ++step) {
    ready.clear();
    const double loss = backend->step(data.batch(), [&](std::size_t tensor) { ready.push_back(tensor); });
    EXPECT_NEAR(loss, mean_loss(host), 1e-3);
    EXPECT_LT(distance(backend->gradients(), host.block_of<float>(Home::gradients)), 1e-2);
    EXPECT_TRUE(std::ranges::is_sorted(ready, std::greater<>()));
    EXPECT_EQ(ready.size(), graph.parameters().size());
  }
}

TEST(Card, EvaluatesMoreThanABatch) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  const Data data = random_data(graph, 600);  // two batches and a part of one
  const auto backend = on_card(graph, 8);
  const auto score = backend->score(data.batch());
  Backend::Score sum;
  for (std::size_t i = 0; i < 600; i += 100) {
    const std::span<const float> samples(data.samples);
    const std::span<const std::uint8_t> labels(data.labels);
    const auto part = backend->score({samples.subspan(i * 784, 100 * 784), labels.subspan(i, 100)});
    sum.loss += part.loss;
    sum.correct += part.correct;
  }
  EXPECT_EQ(score.samples, 600);
  EXPECT_EQ(score.correct, sum.correct);
  EXPECT_NEAR(score.loss, sum.loss, 1e-2);
}

TEST(Card, HasRoomForSeveral) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  const Data data = random_data(graph, 8);
  const auto one = on_card(graph, 8);
  const auto other = on_card(graph, 8);
  EXPECT_EQ(one->step(data.batch(), nothing), other->step(data.batch(), nothing));
}

template <typename Attempt>
std::string error_of(Attempt attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Card, SaysHowMuchMemoryItLacks) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("resnet50", {3, 224, 224}, 1000);
  EXPECT_THAT(error_of([&] { cuda::make_backend(graph, {.batch = 2048}, 0); }),
              AllOf(HasSubstr("resnet50 with a batch of 2048 needs"), HasSubstr("bytes"), HasSubstr("are free")));
  const Graph small = make_model("cnn", {1, 28, 28}, 10);
  EXPECT_GT(on_card(small, 8)->parameters().count(), 0) << "a network that fits goes on";
}

TEST(Card, RefusesOnesThatAreNotThere) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  EXPECT_THAT(error_of([&] { cuda::make_backend(graph, {.batch = 8}, 99); }), HasSubstr("there is no cuda:99"));
}

TEST(Card, RefusesBatchesOfAnotherSize) {
  SKIP_WITHOUT_CARD();
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  const auto backend = on_card(graph, 8);
  const Data data = random_data(graph, 7);
  EXPECT_THAT(error_of([&] { backend->step(data.batch(), nothing); }), HasSubstr("made for 8"));
}

}  // namespace
}  // namespace geomx::trainer
