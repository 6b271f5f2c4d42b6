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

class OptimizerTest : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, OptimizerTest,
                         ::testing::Values(Case{"sgd", sgd(0.1)}, Case{"momentum", sgd(0.1, 0.9)},
                                           Case{"decay", sgd(0.1, 0.9, 0.01)}, Case{"adam", adam(0.01)},
                                           Case{"adam_decay", adam(0.01, 0.1)}, Case{"adam_betas", own_betas()},
                                           Case{"adamw", adamw(0.01, 0.1)}),
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
}

}  // namespace
}  // namespace geomx::ps::testing
