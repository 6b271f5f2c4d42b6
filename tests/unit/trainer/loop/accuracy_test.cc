#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "tests/unit/trainer/loop/local_training.h"
#include "trainer/data/dataset.h"
#include "trainer/loop/evaluate.h"

namespace geomx::trainer {
namespace {

// 300 steps on a quarter of Fashion-MNIST: seconds, and well clear of what a broken gradient or a wrong label order
// gives.
TEST(Accuracy, ShortTrainingLearnsFashionMnist) {
  const Dataset data = load_dataset("fashion-mnist", Part::train);
  const Dataset test = load_dataset("fashion-mnist", Part::test);
  LocalTraining training(make_model("cnn", data.shape.dims(), data.classes), 32, optimizer("sgd", 0.05), 1);
  const auto before = evaluate(training.backend(), test);
  EXPECT_EQ(before.samples, 10'000u);
  EXPECT_NEAR(before.loss / 10'000, std::log(10.0), 0.3);  // it knows nothing yet
  EXPECT_LT(before.correct, 3'000u);
  Batches batches(data, 32, 1, 0);
  for (int i = 0; i < 300; ++i) training.step(batches.next());
  EXPECT_GE(evaluate(training.backend(), test).correct, 7'000u);
}

TEST(Accuracy, SameSeedSameBytes) {
  const Dataset data = load_dataset("fashion-mnist", Part::test);
  const Graph model = make_model("cnn", data.shape.dims(), data.classes);
  LocalTraining a(model, 32, optimizer("adam", 0.001), 5);
  LocalTraining b(model, 32, optimizer("adam", 0.001), 5);
  Batches batches_a(data, 32, 5, 2);
  Batches batches_b(data, 32, 5, 2);
  for (int i = 0; i < 20; ++i) ASSERT_EQ(a.step(batches_a.next()), b.step(batches_b.next()));
  for (std::size_t t = 0; t < a.parameters().count(); ++t) {
    EXPECT_EQ(std::memcmp(a.parameters()[t].data(), b.parameters()[t].data(), a.parameters()[t].size_bytes()), 0);
  }
}

}  // namespace
}  // namespace geomx::trainer
