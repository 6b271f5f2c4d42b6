#include "ps/optim/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "ps/config/error.h"
#include "tests/support/distance.h"
#include "tests/support/reference.h"

namespace geomx::ps::testing {
namespace {

using ::testing::HasSubstr;

struct Case {
  std::string name;
  proto::OptimizerConfig config;
};

proto::OptimizerConfig own_betas() {
  proto::OptimizerConfig config = adam(0.01, 0.05);
  config.set_beta1(0.5);
  config.set_beta2(0.9);
  config.set_epsilon(1e-3);
  return config;
}

proto::OptimizerConfig warm(proto::OptimizerConfig config, std::uint64_t warmup) {
  config.mutable_schedule()->set_warmup(warmup);
  return config;
}

proto::OptimizerConfig stepwise(proto::OptimizerConfig config, std::uint64_t every, double gamma) {
  config.mutable_schedule()->set_name("step");
  config.mutable_schedule()->set_every(every);
  config.mutable_schedule()->set_gamma(gamma);
  return config;
}

proto::OptimizerConfig cosine(proto::OptimizerConfig config, std::uint64_t total, double floor) {
  config.mutable_schedule()->set_name("cosine");
  config.mutable_schedule()->set_total(total);
  config.mutable_schedule()->set_floor(floor);
  return config;
}

class OptimizerTest : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, OptimizerTest,
                         ::testing::Values(Case{"sgd", sgd(0.1)}, Case{"momentum", sgd(0.1, 0.9)},
                                           Case{"decay", sgd(0.1, 0.9, 0.01)},
                                           Case{"nesterov", nesterov(0.05, 0.9, 0.01)},
                                           Case{"sgd_step", stepwise(sgd(0.1, 0.9), 7, 0.5)},
                                           Case{"nesterov_cosine", warm(cosine(nesterov(0.1, 0.5), 40, 0.01), 5)},
                                           Case{"adam_warm", warm(adam(0.01), 20)},
                                           Case{"adamw_cosine", cosine(adamw(0.01, 0.1), 45, 0.001)},
                                           Case{"adam", adam(0.01)}, Case{"adam_decay", adam(0.01, 0.1)},
                                           Case{"adam_betas", own_betas()}, Case{"adamw", adamw(0.01, 0.1)}),
                         [](const auto& test) { return test.param.name; });

TEST_P(OptimizerTest, FollowsTheReferenceInDoublePrecision) {
  for (const std::size_t length : {1U, 7U, 1003U}) {  // around the vector registers
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> weights(length), gradient(length), updated(length);
    for (float& value : weights) value = 5 + normal(random);  // far from 0, where a relative error means little
    std::vector<double> expected(weights.begin(), weights.end());
    const auto optimizer = make_optimizer(GetParam().config, length);
    ReferenceOptimizer reference(GetParam().config, length);
    for (int step = 0; step < 50; ++step) {
      for (float& value : gradient) value = normal(random);
      std::vector<double> mean(length);
      for (std::size_t i = 0; i < length; ++i) mean[i] = 0.25 * gradient[i];
      optimizer->step(weights, gradient, 0.25F, updated);
      weights.swap(updated);
      reference.step(expected, mean);
      ASSERT_LT(test::distance(weights, expected), 2e-6) << "length " << length << ", step " << step;
    }
  }
}

TEST_P(OptimizerTest, MayStepInPlace) {
  std::vector<float> apart = {1, -2, 3, 0.5F, 7};
  std::vector<float> in_place = apart;
  const std::vector<float> gradient = {0.1F, -3, 0, 2, -0.7F};
  const auto first = make_optimizer(GetParam().config, apart.size());
  const auto second = make_optimizer(GetParam().config, apart.size());
  for (int step = 0; step < 3; ++step) {
    std::vector<float> updated(apart.size());
    first->step(apart, gradient, 1, updated);
    apart = updated;
    second->step(in_place, gradient, 1, in_place);
  }
  EXPECT_EQ(apart, in_place);
}

// Saved after some steps and restored, an optimizer goes on to the bit where it was.
TEST_P(OptimizerTest, GoesOnFromWhatWasSaved) {
  constexpr std::size_t kLength = 37;
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  std::vector<float> weights(kLength);
  for (float& value : weights) value = normal(random);
  std::vector<std::vector<float>> gradients(20, std::vector<float>(kLength));
  for (auto& gradient : gradients) {
    for (float& value : gradient) value = normal(random);
  }
  const auto straight = make_optimizer(GetParam().config, kLength);
  const auto before = make_optimizer(GetParam().config, kLength);
  std::vector<float> expected = weights;
  for (const auto& gradient : gradients) straight->step(expected, gradient, 1, expected);
  for (std::size_t step = 0; step < 9; ++step) before->step(weights, gradients[step], 1, weights);
  proto::StepState state;
  before->save(state);
  EXPECT_EQ(state.steps(), 9U);
  EXPECT_EQ(static_cast<std::size_t>(state.arrays_size()), state_names(GetParam().config).size());
  const auto after = make_optimizer(GetParam().config, kLength);
  after->restore(state);
  for (std::size_t step = 9; step < gradients.size(); ++step) after->step(weights, gradients[step], 1, weights);
  EXPECT_EQ(weights, expected);
}

// One without a past of its own: its schedule is that of those who have one, its moments are not.
TEST_P(OptimizerTest, BeginsWhereTheScheduleIs) {
  const std::uint64_t begin = 11;
  proto::OptimizerConfig constant = GetParam().config;
  constant.clear_schedule();
  constant.set_learning_rate(reference_rate(GetParam().config, begin));
  const auto late = make_optimizer(GetParam().config, 3);
  const auto fresh = make_optimizer(constant, 3);
  late->begin_at(begin);
  std::vector<float> one = {1, 2, -3};
  std::vector<float> other = one;
  const std::vector<float> gradient = {0.5F, -1, 2};
  late->step(one, gradient, 1, one);
  fresh->step(other, gradient, 1, other);
  EXPECT_LT(test::distance(one, other), 1e-7);
  proto::StepState state;
  late->save(state);
  const auto again = make_optimizer(GetParam().config, 3);
  again->restore(state);
  other = one;
  late->step(one, gradient, 1, one);
  again->step(other, gradient, 1, other);
  EXPECT_EQ(one, other);
}

// The first step of Adam moves every weight by the learning rate, against the gradient's sign.
TEST(AdamTest, FirstStepIsTheLearningRate) {
  const auto optimizer = make_optimizer(adam(0.25), 2);
  std::vector<float> weights = {1, 1};
  const std::vector<float> gradient = {1e-2F, -100};
  optimizer->step(weights, gradient, 1, weights);
  EXPECT_NEAR(weights[0], 0.75, 1e-6);
  EXPECT_NEAR(weights[1], 1.25, 1e-6);
}

std::string refusal(const proto::OptimizerConfig& config) {
  try {
    make_optimizer(config, 1);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(OptimizerConfigTest, RefusesWhatCannotBe) {
  proto::OptimizerConfig config = sgd(0.1);
  config.set_name("lion");
  EXPECT_EQ(refusal(config), "optimizer \"lion\" is unknown (sgd, adam or adamw)");
  EXPECT_EQ(refusal(sgd(0)), "optimizer sgd: learning rate is 0, must be more than 0 and finite");
  EXPECT_THAT(refusal(sgd(std::numeric_limits<double>::quiet_NaN())), HasSubstr("learning rate is nan"));
  EXPECT_EQ(refusal(sgd(0.1, 1)), "optimizer sgd: momentum is 1, must be in [0, 1)");
  EXPECT_EQ(refusal(sgd(0.1, 0, -1)), "optimizer sgd: weight decay is -1, must be at least 0 and finite");
  EXPECT_THAT(refusal(sgd(0.1, 0, std::numeric_limits<double>::infinity())), HasSubstr("weight decay is inf"));
  config = adam(0.1);
  config.set_beta1(1);
  EXPECT_EQ(refusal(config), "optimizer adam: beta1 is 1, must be in [0, 1)");
  config = adam(0.1);
  config.set_beta2(-0.1);
  EXPECT_THAT(refusal(config), HasSubstr("beta2 is -0.1"));
  config = adam(0.1);
  config.set_epsilon(0);
  EXPECT_THAT(refusal(config), HasSubstr("epsilon is 0"));
  config = adam(0.1);
  config.set_momentum(0.9);
  EXPECT_EQ(refusal(config), "optimizer adam: momentum is 0.9, must be left out: this optimizer has none");
  EXPECT_EQ(refusal(adam(0.1)), "accepted");
  config = sgd(0.1);
  config.set_nesterov(true);
  EXPECT_EQ(refusal(config), "optimizer sgd: Nesterov's momentum is asked for, and momentum is 0, must be in (0, 1)");
  config = adam(0.1);
  config.set_nesterov(true);
  EXPECT_EQ(refusal(config), "optimizer adam: Nesterov's momentum belongs to sgd");
  config = sgd(0.1);
  config.set_clip_norm(0);
  EXPECT_EQ(refusal(config), "optimizer sgd: clip norm is 0, must be more than 0 and finite");
  config = sgd(0.1);
  config.set_clip_value(-2);
  EXPECT_EQ(refusal(config), "optimizer sgd: clip value is -2, must be more than 0 and finite");
}

TEST(OptimizerConfigTest, RefusesSchedulesThatCannotBe) {
  proto::OptimizerConfig config = sgd(0.1);
  config.mutable_schedule()->set_name("cyclic");
  EXPECT_EQ(refusal(config), "schedule \"cyclic\" is unknown (constant, step or cosine)");
  EXPECT_EQ(refusal(stepwise(sgd(0.1), 0, 0.5)), "schedule step: every is 0, must be a number of steps, at least 1");
  EXPECT_EQ(refusal(stepwise(sgd(0.1), 5, 0)), "schedule step: gamma is 0, must be in (0, 1]");
  EXPECT_EQ(refusal(stepwise(sgd(0.1), 5, 1.5)), "schedule step: gamma is 1.5, must be in (0, 1]");
  EXPECT_EQ(refusal(warm(cosine(sgd(0.1), 10, 0), 10)),
            "schedule cosine: total is 10, must be a number of steps, more than the warm-up's 10");
  EXPECT_EQ(refusal(cosine(sgd(0.1), 10, 0.2)),
            "schedule cosine: floor is 0.2, must be from 0 to the learning rate, 0.1");
  EXPECT_EQ(refusal(cosine(sgd(0.1), 10, -1)),
            "schedule cosine: floor is -1, must be from 0 to the learning rate, 0.1");
  config = stepwise(sgd(0.1), 5, 0.5);
  config.mutable_schedule()->set_name("constant");
  EXPECT_EQ(refusal(config), "schedule constant has no every: it belongs to step");
  config = cosine(sgd(0.1), 5, 0.01);
  config.mutable_schedule()->clear_name();
  EXPECT_EQ(refusal(config), "schedule constant has no total: it belongs to cosine");
  EXPECT_EQ(refusal(warm(stepwise(sgd(0.1), 5, 1), 3)), "accepted");
  EXPECT_EQ(refusal(warm(sgd(0.1), 3)), "accepted");
}

}  // namespace
}  // namespace geomx::ps::testing
