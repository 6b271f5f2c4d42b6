// Each model of the zoo learns 64 samples by heart: it has room for them, and its gradients lead there.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "tests/support/samples.h"
#include "tests/unit/trainer/loop/local_training.h"

namespace geomx::trainer {
namespace {

constexpr std::size_t kSamples = 64;

struct Case {
  Shape input{3, 32, 32};
  int classes = 10;
  std::size_t batch = 32;
  double learning_rate = 0.001;
  int most_epochs = 60;
};

Case case_of(const std::string& model) {
  if (model == "cnn" || model == "mlp") return {.input = {1, 28, 28}};
  if (model == "lenet5")
    return {.input = {1, 28, 28}, .learning_rate = 0.005, .most_epochs = 200};   // averages of noise
  if (model == "alexnet") return {.learning_rate = 0.0003, .most_epochs = 200};  // half of its features are left out
  if (model == "gpt") return {.input = {8}, .classes = 65};
  return {};
}

// Noise, with labels that have nothing to do with it. Of sequences each begins with a token of its own: what follows
// the first one could not be told otherwise.
Samples samples_for(const Graph& graph) {
  Samples samples = random_samples(graph, kSamples, 7);
  if (graph.input_shape().size() == 1) {
    const std::size_t length = elements(graph.input_shape());
    for (std::size_t i = 0; i < kSamples; ++i) samples.images[i * length] = static_cast<float>(i);
  }
  return samples;
}

class Overfit : public testing::TestWithParam<std::string> {};

TEST_P(Overfit, SixtyFourSamplesAreLearntByHeart) {
  const Case c = case_of(GetParam());
  const Graph graph = make_model(GetParam(), c.input, c.classes);
  const Samples samples = samples_for(graph);
  LocalTraining training(graph, c.batch, optimizer("adam", c.learning_rate), 3, 2);
  const std::size_t sample = elements(graph.input_shape());
  const std::size_t labels = graph.labels_per_sample();
  double accuracy = 0;
  double loss = 0;
  int epoch = 0;
  while (accuracy <= 0.99 && epoch < c.most_epochs) {
    for (std::size_t begin = 0; begin < kSamples; begin += c.batch) {
      loss = training.step({std::span(samples.images).subspan(begin * sample, c.batch * sample),
                            std::span(samples.labels).subspan(begin * labels, c.batch * labels), labels});
    }
    // As evaluation sees it: with running statistics, without dropout.
    const Backend::Score score = training.backend().score({samples.images, samples.labels, labels});
    accuracy = static_cast<double>(score.correct) / static_cast<double>(score.samples);
    ++epoch;
  }
  std::printf("%s: accuracy %.4f after %d epochs, loss of the last batch %.4f\n", GetParam().c_str(), accuracy, epoch,
              loss);
  EXPECT_GT(accuracy, 0.99) << "after " << epoch << " epochs";
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const ZooEntry& model : zoo()) all.push_back(model.name);
  return all;
}
INSTANTIATE_TEST_SUITE_P(Zoo, Overfit, testing::ValuesIn(names()), [](const auto& row) { return row.param; });

}  // namespace
}  // namespace geomx::trainer
