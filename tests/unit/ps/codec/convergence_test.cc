// Training over lossy codecs: with what they remember (SliceState) it gets where it gets without compression, and
// without, it does not. Each test runs both: the second shows that the first asks something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>

#include "ps/codec/bisparse.h"
#include "ps/codec/dense.h"
#include "ps/codec/nonzeros.h"
#include "ps/codec/twobit.h"
#include "tests/unit/ps/codec/messages.h"

namespace geomx::ps::testing {
namespace {

constexpr std::size_t kParties = 2;
enum class Memory { kept, dropped };

// Each party's gradient at the weights, in turn.
using Gradient = std::function<std::vector<float>(std::size_t party, const std::vector<float>& weights)>;

struct Job {
  std::size_t length = 0;
  Gradient gradient;
  float learning_rate = 0;
  int rounds = 0;
};

// Parties push, the server adds and answers, all step on the mean: Bi-Sparse's round, with any encoder.
std::vector<float> train(const Job& job, const Encoder& push, Memory memory) {
  std::vector<float> weights(job.length);
  std::vector<SliceState> states(kParties);
  for (int round = 0; round < job.rounds; ++round) {
    std::vector<float> sums(job.length);
    for (std::size_t party = 0; party < kParties; ++party) {
      if (memory == Memory::dropped) states[party] = {};
      add(push.format(), encoded(push, job.gradient(party, weights), states[party]), sums);
    }
    const std::vector<float> mean = decoded(Format::sparse, encoded(NonZeros(), sums), job.length);
    for (std::size_t i = 0; i < job.length; ++i) weights[i] -= job.learning_rate * mean[i] / kParties;
  }
  return weights;
}

// (w - a)^2 / 2 summed, with an a for each party: they disagree by 1 about the first ten elements, and both want 0.4 of
// the others. The ten always have the largest gradients, which cancel out; so whoever sends the largest and forgets the
// rest never learns anything of the others.
constexpr std::size_t kLength = 50;
constexpr std::size_t kDisputed = 10;
constexpr float kWanted = 0.4F;
Job dispute() {
  return {.length = kLength,
          .gradient =
              [](std::size_t party, const std::vector<float>& weights) {
                std::vector<float> g(kLength);
                for (std::size_t i = 0; i < kLength; ++i) {
                  g[i] = weights[i] - (i >= kDisputed ? kWanted : party == 0 ? 1.0F : -1.0F);
                }
                return g;
              },
          .learning_rate = 0.01F,
          .rounds = 3000};
}

// The largest distance from what both want.
float miss(const std::vector<float>& weights) {
  float most = 0;
  for (std::size_t i = 0; i < kLength; ++i) most = std::max(most, std::abs(weights[i] - (i < kDisputed ? 0 : kWanted)));
  return most;
}

TEST(ConvergenceTest, BiSparseReachesTheMinimumByErrorFeedback) {
  const BiSparse encoder({.ratio = 0.1});
  const float with = miss(train(dispute(), encoder, Memory::kept));
  const float without = miss(train(dispute(), encoder, Memory::dropped));
  EXPECT_LT(with, 0.03F);
  EXPECT_GT(without, 0.39F);
}

TEST(ConvergenceTest, BiSparseReachesTheMinimumInHalvesToo) {
  const BiSparse encoder({.ratio = 0.1, .values = SparseValues::fp16});
  EXPECT_LT(miss(train(dispute(), encoder, Memory::kept)), 0.03F);
}

TEST(ConvergenceTest, TwoBitReachesTheMinimumByItsResidual) {
  const TwoBit encoder(0.5F);  // above the gradients that matter
  EXPECT_LT(miss(train(dispute(), encoder, Memory::kept)), 0.03F);
  EXPECT_GT(miss(train(dispute(), encoder, Memory::dropped)), 0.39F);
}

// Logistic regression on 400 samples of 40 features, of which one party has the positive ones and the other the rest.
class Classes {
 public:
  static constexpr std::size_t kFeatures = 40;
  static constexpr std::size_t kSamples = 400;

  Classes() {
    const std::vector<float> truth = normal(kFeatures, 17);
    for (unsigned s = 0; s < kSamples; ++s) {
      std::vector<float> x = normal(kFeatures, 100 + s);
      for (std::size_t f = 0; f < kFeatures; f += 4) x[f] *= 4;
      double score = 0;
      for (std::size_t f = 0; f < kFeatures; ++f) score += truth[f] * x[f];
      const bool positive = score + 3 * noise_[s] > 0;
      samples_[positive ? 0 : 1].push_back(std::move(x));
    }
  }

  std::vector<float> gradient(std::size_t party, const std::vector<float>& weights) const {
    std::vector<float> g(kFeatures);
    for (const std::vector<float>& x : samples_[party]) {
      const double error = probability(x, weights) - (party == 0 ? 1 : 0);
      for (std::size_t f = 0; f < kFeatures; ++f) {
        g[f] += static_cast<float>(error * x[f] * kParties / kSamples);
      }
    }
    return g;
  }

  double loss(const std::vector<float>& weights) const {
    double sum = 0;
    for (std::size_t party = 0; party < kParties; ++party) {
      for (const std::vector<float>& x : samples_[party]) {
        const double p = probability(x, weights);
        sum -= std::log(party == 0 ? p : 1 - p);
      }
    }
    return sum / kSamples;
  }

 private:
  static double probability(const std::vector<float>& x, const std::vector<float>& weights) {
    double score = 0;
    for (std::size_t f = 0; f < kFeatures; ++f) score += x[f] * weights[f];
    return 1 / (1 + std::exp(-score));
  }

  std::vector<float> noise_ = normal(kSamples, 23);
  std::vector<std::vector<float>> samples_[kParties];
};

TEST(ConvergenceTest, LogisticRegressionLosesNothingWithMemory) {
  const Classes classes;
  const auto loss = [&](const Encoder& encoder, Memory memory, float learning_rate) {
    const Job job{
        .length = Classes::kFeatures,
        .gradient = [&](std::size_t party, const std::vector<float>& w) { return classes.gradient(party, w); },
        .learning_rate = learning_rate,
        .rounds = 600};
    const double reached = classes.loss(train(job, encoder, memory));
    return reached;
  };
  const double full = loss(Fp32(), Memory::kept, 0.05F);
  const BiSparse sparse({.ratio = 0.05});
  const TwoBit twobit(1);
  EXPECT_LT(loss(sparse, Memory::kept, 0.05F), 1.02 * full);
  EXPECT_GT(loss(sparse, Memory::dropped, 0.05F), 1.2 * full);
  EXPECT_LT(loss(twobit, Memory::kept, 0.05F), 1.02 * full);
  EXPECT_GT(loss(twobit, Memory::dropped, 0.05F), 1.2 * full);
  EXPECT_LT(loss(Fp16(), Memory::kept, 0.05F), 1.001 * full);
  EXPECT_LT(loss(Bf16(), Memory::kept, 0.05F), 1.01 * full);
  // With momentum correction a tenth of the learning rate goes as far, as it does with momentum.
  const BiSparse corrected({.ratio = 0.05, .momentum = 0.9F});
  EXPECT_LT(loss(corrected, Memory::kept, 0.005F), loss(sparse, Memory::kept, 0.005F));
}

}  // namespace
}  // namespace geomx::ps::testing
