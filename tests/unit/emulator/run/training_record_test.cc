#include "emulator/run/training_record.h"

#include <gtest/gtest.h>

namespace geomx::run {
namespace {

Step step(std::int64_t round, double time, double loss = 1) {
  return {round, 0, loss, 32, 50, 50, time};
}
Evaluation evaluation(double accuracy, double time, double evaluate_ms = 0) {
  return {0, 1, accuracy, 0.4, 10000, evaluate_ms, time};
}

TEST(TrainingRecord, IsEmptyBeforeAnythingHappens) {
  const TrainingResult result = TrainingRecord().result();
  EXPECT_FALSE(result.test_accuracy || result.samples_per_second || result.train_loss);
  EXPECT_EQ(result.rounds, 0);
  EXPECT_TRUE(result.seconds_to_accuracy.empty());
}

TEST(TrainingRecord, CountsSamplesOverTheTrainingPhase) {
  TrainingRecord record;
  record.add("a", Phase{"ready", 0, 90});
  record.add("b", Phase{"training", 10, 101});
  record.add("a", Phase{"training", 10, 100});
  for (int round = 1; round <= 10; ++round) {
    record.add("a", step(round, 100 + 0.8 * round, 2));
    record.add("b", step(round, 100 + 0.8 * round, 1));
  }
  const TrainingResult result = record.result();
  EXPECT_EQ(result.rounds, 10);
  EXPECT_EQ(result.samples, 640);
  EXPECT_DOUBLE_EQ(*result.samples_per_second, 640 / 8.0);
  EXPECT_DOUBLE_EQ(*result.train_loss, 1.5);
  EXPECT_EQ(record.expected_rounds(), 10);
  EXPECT_EQ(record.phase_of("a"), "training");
  EXPECT_EQ(record.phase_of("c"), "");
}

TEST(TrainingRecord, WorkersThatComputeNothingHaveNoLoss) {
  TrainingRecord record;
  Step none = step(1, 101);
  none.loss.reset();
  record.add("a", none);
  EXPECT_EQ(record.result().rounds, 1);
  EXPECT_EQ(record.result().samples, 32);
  EXPECT_FALSE(record.result().train_loss);
  record.add("b", step(1, 101, 3));
  EXPECT_DOUBLE_EQ(*record.result().train_loss, 3);
}

TEST(TrainingRecord, FirstStepStartsTheClockWhereNoPhaseWasAnnounced) {
  TrainingRecord record;
  record.add("a", step(1, 10.1));
  record.add("a", step(2, 11));
  EXPECT_DOUBLE_EQ(*record.result().samples_per_second, 64 / 1.0);
}

TEST(TrainingRecord, SecondsToAccuracyAreOfTheFirstEvaluationThatReachedIt) {
  TrainingRecord record;
  record.add("a", Phase{"training", 0, 100});
  record.add("a", step(1, 101));
  record.add(evaluation(0.62, 110));
  record.add(evaluation(0.83, 120));
  record.add(evaluation(0.81, 130));
  const TrainingResult result = record.result();
  EXPECT_DOUBLE_EQ(*result.test_accuracy, 0.81);
  EXPECT_EQ(result.seconds_to_accuracy,
            (std::map<std::string, double>{{"0.5", 10}, {"0.6", 10}, {"0.7", 20}, {"0.75", 20}, {"0.8", 20}}));
}

TEST(TrainingRecord, ALongEvaluationIsUnderWayUntilItsResult) {
  TrainingRecord record;
  EXPECT_EQ(record.result().evaluated, std::nullopt);
  record.add(Evaluating{2560, 10'000});
  EXPECT_DOUBLE_EQ(record.result().evaluated.value(), 0.256);
  record.add(evaluation(0.55, 110));
  EXPECT_EQ(record.result().evaluated, std::nullopt);
}

TEST(TrainingRecord, TimeSpentOnEvaluationsDoesNotCount) {
  TrainingRecord record;
  record.add("a", Phase{"training", 0, 100});
  record.add("a", step(1, 105));
  record.add(evaluation(0.55, 110, 5000));
  record.add("a", step(2, 115));
  record.add(evaluation(0.75, 120, 5000));
  const TrainingResult result = record.result();
  EXPECT_DOUBLE_EQ(*result.samples_per_second, 64 / 10.0);
  EXPECT_EQ(result.seconds_to_accuracy,
            (std::map<std::string, double>{{"0.5", 5}, {"0.6", 10}, {"0.7", 10}, {"0.75", 10}}));
}

}  // namespace
}  // namespace geomx::run
