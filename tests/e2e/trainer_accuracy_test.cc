// One epoch in one process, against the accuracies that PyTorch reaches with the same network, data and settings.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tests/unit/trainer/loop/local_training.h"
#include "trainer/data/dataset.h"
#include "trainer/loop/evaluate.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

struct Bar {
  const char* name;
  const char* dataset;
  const char* optimizer;
  double learning_rate;
  double momentum;
  double accuracy;  // at least, after one epoch with batch 32
};

// The last batches of an epoch move the accuracy by more than a percent either way, so one seed says little: the median
// of five is held against the bar, and each of them against the bar less kSpread. PyTorch 1.13 has the same spread.
// With this file's initial values and sample order, sgd 0.01 gives it 0.9600 0.9557 0.9468 0.9580 0.9593 for seeds 1 to
// 5, where we have 0.9605 0.9550 0.9448 0.9586 0.9594. With its own, seeds 1 to 16 of sgd 0.05 give it 0.9715 to
// 0.9821, a mean of 0.9780 and two under the bar of 0.975; ours give 0.9588 to 0.9823, a mean of 0.9768 and four under
// it.
constexpr std::size_t kSeeds = 5;
constexpr double kSpread = 0.02;  // by which a single seed may miss the bar

class OneEpoch : public testing::TestWithParam<Bar> {};

TEST_P(OneEpoch, ReachesTheBar) {
  const Bar& bar = GetParam();
  Dataset data;
  Dataset test;
  try {
    data = load_dataset(bar.dataset, Part::train);
    test = load_dataset(bar.dataset, Part::test);
  } catch (const Error& error) {
    GTEST_SKIP() << "SKIPPED: " << error.what();
  }
  std::vector<double> accuracies;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    LocalTraining training(make_model("cnn", data.shape.dims(), data.classes), 32,
                           optimizer(bar.optimizer, bar.learning_rate, bar.momentum), seed);
    Batches batches(data, 32, seed, 0);
    for (std::size_t i = 0; i < batches.per_epoch(); ++i) training.step(batches.next());
    const auto score = evaluate(training.backend(), test);
    accuracies.push_back(static_cast<double>(score.correct) / static_cast<double>(score.samples));
    EXPECT_GE(accuracies.back(), bar.accuracy - kSpread) << "seed " << seed;
    std::printf("%s, seed %d: %.4f (bar %.3f)\n", bar.name, static_cast<int>(seed), accuracies.back(), bar.accuracy);
  }
  std::ranges::sort(accuracies);
  EXPECT_GE(accuracies[kSeeds / 2], bar.accuracy) << "median of " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Bars, OneEpoch,
                         testing::Values(Bar{"FashionSgd005", "fashion-mnist", "sgd", 0.05, 0, 0.82},
                                         Bar{"MnistSgd001", "mnist", "sgd", 0.01, 0, 0.950},
                                         Bar{"MnistSgd005", "mnist", "sgd", 0.05, 0, 0.975},
                                         Bar{"MnistMomentum", "mnist", "sgd", 0.01, 0.9, 0.981},
                                         Bar{"MnistAdam", "mnist", "adam", 0.001, 0, 0.982}),
                         [](const auto& bar) { return std::string(bar.param.name); });

}  // namespace
}  // namespace geomx::trainer
