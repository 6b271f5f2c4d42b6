// Every kernel that this processor has, over shapes of every kind, beside the same operation written down in double.
#include "trainer/cpu/direct/pooled_convolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace geomx::trainer::direct {
namespace {

struct Values {
  std::vector<float> source, weights, bias, gradient;
};

std::vector<float> random_values(long count, std::mt19937& random) {
  std::uniform_real_distribution<float> any(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = any(random);
  return values;
}

Values values_for(const PooledConvolution& shape, unsigned seed) {
  std::mt19937 random(seed);
  return {random_values(shape.batch * shape.channels_in * shape.height * shape.width, random),
          random_values(shape.channels_out * shape.channels_in * shape.kernel * shape.kernel, random),
          random_values(shape.channels_out, random),
          random_values(shape.batch * shape.channels_out * shape.pooled_height() * shape.pooled_width(), random)};
}

struct Results {
  std::vector<double> output, weights_gradient, bias_gradient, source_gradient;
};

// What the operation means, one element at a time.
Results reference(const PooledConvolution& shape, const Values& values) {
  Results results;
  results.output.resize(values.gradient.size());
  results.weights_gradient.resize(values.weights.size());
  results.bias_gradient.resize(values.bias.size());
  results.source_gradient.resize(values.source.size());
  const auto at_source = [&](long n, long i, long h, long w) {
    return static_cast<std::size_t>(shape.planes()
                                        ? ((n * shape.channels_in + i) * shape.height + h) * shape.width + w
                                        : ((n * shape.height + h) * shape.width + w) * shape.channels_in + i);
  };
  const auto each_tap = [&](long n, long o, long h, long w, const auto& use) {
    for (long i = 0; i < shape.channels_in; ++i) {
      for (long kh = 0; kh < shape.kernel; ++kh) {
        for (long kw = 0; kw < shape.kernel; ++kw) {
          const long y = h + kh - shape.padding;
          const long x = w + kw - shape.padding;
          if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) continue;
          use(at_source(n, i, y, x),
              static_cast<std::size_t>(((o * shape.channels_in + i) * shape.kernel + kh) * shape.kernel + kw));
        }
      }
    }
  };
  std::size_t at = 0;
  for (long n = 0; n < shape.batch; ++n) {
    for (long h = 0; h < shape.pooled_height(); ++h) {
      for (long w = 0; w < shape.pooled_width(); ++w) {
        for (long o = 0; o < shape.channels_out; ++o, ++at) {
          double best = -std::numeric_limits<double>::infinity();
          long best_h = 0;
          long best_w = 0;
          for (long i = 0; i < 4; ++i) {
            double sum = values.bias[static_cast<std::size_t>(o)];
            each_tap(n, o, 2 * h + i / 2, 2 * w + i % 2, [&](std::size_t source, std::size_t weight) {
              sum += static_cast<double>(values.source[source]) * values.weights[weight];
            });
            if (sum > best) {
              best = sum;
              best_h = 2 * h + i / 2;
              best_w = 2 * w + i % 2;
            }
          }
          results.output[at] = std::max(best, 0.0);
          if (best <= 0) continue;
          const double gradient = values.gradient[at];
          results.bias_gradient[static_cast<std::size_t>(o)] += gradient;
          each_tap(n, o, best_h, best_w, [&](std::size_t source, std::size_t weight) {
            results.weights_gradient[weight] += gradient * values.source[source];
            results.source_gradient[source] += gradient * values.weights[weight];
          });
        }
      }
    }
  }
  return results;
}

struct Outcome {
  std::vector<float> output, weights_gradient, bias_gradient, source_gradient;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const PooledConvolutionPlan& plan, const PooledConvolution& shape, const Values& values) {
  // Filled with what must not be read: scratch holds nothing between calls, and results are overwritten.
  const float rubbish = std::numeric_limits<float>::quiet_NaN();
  Outcome outcome{std::vector<float>(values.gradient.size(), rubbish),
                  std::vector<float>(values.weights.size(), rubbish), std::vector<float>(values.bias.size(), rubbish),
                  std::vector<float>(values.source.size(), rubbish)};
  std::vector<std::uint8_t> winners(values.gradient.size());
  const std::size_t size = plan.scratch_bytes();
  const std::unique_ptr<std::byte, void (*)(void*)> scratch(
      static_cast<std::byte*>(std::aligned_alloc(64, (size + 63) / 64 * 64)), &std::free);
  const auto spoil = [&] { std::fill_n(reinterpret_cast<float*>(scratch.get()), size / sizeof(float), rubbish); };
  spoil();
  plan.forward(values.source.data(), values.weights.data(), values.bias.data(), outcome.output.data(), winners.data(),
               scratch.get());
  spoil();
  plan.backward(values.source.data(), values.weights.data(), winners.data(), values.gradient.data(),
                outcome.weights_gradient.data(), outcome.bias_gradient.data(),
                shape.planes() ? nullptr : outcome.source_gradient.data(), scratch.get());
  if (shape.planes()) outcome.source_gradient.clear();
  return outcome;
}

// ||a - b|| / ||b||
double distance(const std::vector<float>& ours, const std::vector<double>& right) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    difference += (ours[i] - right[i]) * (ours[i] - right[i]);
    norm += right[i] * right[i];
  }
  return std::sqrt(difference / norm);
}

std::vector<const Kernels*> kernels_here() {
  std::vector<const Kernels*> here;
  for (const Kernels* kernels : {avx512_kernels(), avx2_kernels()}) {
    if (kernels != nullptr) here.push_back(kernels);
  }
  return here;
}

const std::vector<PooledConvolution> kShapes{
    {3, 1, 28, 28, 16, 5, 0},   // the CNN's first
    {5, 16, 12, 12, 32, 5, 0},  // and second
    {2, 3, 32, 32, 32, 3, 1},   // colour, padded
    {3, 1, 7, 9, 48, 5, 2},     // an odd width: the last column is dropped
    {2, 16, 11, 8, 48, 3, 1},   // tiles and blocks that do not come out even
    {4, 32, 6, 14, 16, 5, 2},   // two blocks in
    {1, 48, 4, 4, 64, 3, 0},    // one window
    {3, 4, 4, 5, 16, 3, 0},     // four planes, a single window that ends at the image's end
};

TEST(PooledConvolution, IsWhatItSaysOnEveryInstructionSet) {
  const auto all = kernels_here();
  if (all.empty()) GTEST_SKIP() << "this processor has neither AVX-512 nor AVX2";
  for (std::size_t s = 0; s < kShapes.size(); ++s) {
    const PooledConvolution& shape = kShapes[s];
    const Values values = values_for(shape, static_cast<unsigned>(s));
    const Results right = reference(shape, values);
    for (const Kernels* kernels : all) {
      for (const int threads : {1, 2, 3}) {
        SCOPED_TRACE("shape " + std::to_string(s) + ", " + kernels->name + ", threads: " + std::to_string(threads));
        const auto plan = PooledConvolutionPlan::make(shape, threads, kernels);
        ASSERT_TRUE(plan.has_value());
        const Outcome ours = run(*plan, shape, values);
        EXPECT_LT(distance(ours.output, right.output), 1e-6);
        EXPECT_LT(distance(ours.weights_gradient, right.weights_gradient), 1e-6);
        EXPECT_LT(distance(ours.bias_gradient, right.bias_gradient), 1e-6);
        if (!shape.planes()) {
          EXPECT_LT(distance(ours.source_gradient, right.source_gradient), 1e-6);
        }
      }
    }
  }
}

TEST(PooledConvolution, GivesTheSameBitsAgain) {
  for (const Kernels* kernels : kernels_here()) {
    for (const PooledConvolution& shape : kShapes) {
      const Values values = values_for(shape, 3);
      const auto plan = PooledConvolutionPlan::make(shape, 2, kernels);
      ASSERT_TRUE(plan.has_value());
      const Outcome first = run(*plan, shape, values);
      EXPECT_EQ(first, run(*plan, shape, values));
      const Outcome one = run(*PooledConvolutionPlan::make(shape, 1, kernels), shape, values);
      EXPECT_EQ(first.output, one.output);
      EXPECT_EQ(first.source_gradient, one.source_gradient);
    }
  }
}

TEST(PooledConvolution, GivesEqualElementsToTheFirstAndNothingWhereReluIsClosed) {
  for (const Kernels* kernels : kernels_here()) {
    const PooledConvolution shape{1, 16, 4, 4, 16, 3, 0};
    Values values = values_for(shape, 1);
    std::fill(values.weights.begin(), values.weights.end(), 0.0f);
    for (std::size_t o = 0; o < 16; ++o) values.bias[o] = o < 8 ? 1.0f : o < 12 ? 0.0f : -1.0f;
    std::fill(values.gradient.begin(), values.gradient.end(), 1.0f);
    for (std::size_t w = 0; w < values.source.size(); ++w) values.source[w] = w < 16 ? 1.0f : 0.0f;  // the first pixel
    const Outcome ours = run(*PooledConvolutionPlan::make(shape, 1, kernels), shape, values);
    for (std::size_t o = 0; o < 16; ++o) {
      SCOPED_TRACE(kernels->name + std::string(", channel ") + std::to_string(o));
      EXPECT_EQ(ours.output[o], o < 8 ? 1.0f : 0.0f);
      EXPECT_EQ(ours.bias_gradient[o], o < 8 ? 1.0f : 0.0f);
      EXPECT_EQ(ours.weights_gradient[o * 16 * 9], o < 8 ? 1.0f : 0.0f);  // tap 0 saw the first pixel
      EXPECT_EQ(ours.weights_gradient[o * 16 * 9 + 1], 0.0f);
    }
  }
}

TEST(PooledConvolution, PassesNanOnFromEachElementOfAWindow) {
  for (const Kernels* kernels : kernels_here()) {
    // The corners of the only window's patch reach one element each.
    const PooledConvolution shape{1, 16, 4, 4, 16, 3, 0};
    for (const std::size_t pixel : {0, 3, 12, 15}) {
      Values values = values_for(shape, 2);
      values.source[pixel * 16] = std::numeric_limits<float>::quiet_NaN();
      for (const float value : run(*PooledConvolutionPlan::make(shape, 1, kernels), shape, values).output) {
        EXPECT_TRUE(std::isnan(value)) << kernels->name << ", pixel " << pixel;
      }
    }
  }
}

TEST(PooledConvolution, SaysWhatItHasNoKernelFor) {
  const auto has = [](const PooledConvolution& shape, int threads = 1) {
    return PooledConvolutionPlan::make(shape, threads).has_value();
  };
  EXPECT_EQ(has({1, 16, 12, 12, 32, 5, 0}), !kernels_here().empty());
  EXPECT_FALSE(has({1, 5, 12, 12, 32, 5, 0}));   // neither planes nor blocks
  EXPECT_FALSE(has({1, 16, 12, 12, 24, 5, 0}));  // no whole blocks out
  EXPECT_FALSE(has({1, 16, 12, 12, 32, 4, 0}));
  EXPECT_FALSE(has({1, 16, 5, 12, 32, 5, 0}));  // no whole window
  EXPECT_FALSE(has({0, 16, 12, 12, 32, 5, 0}));
  EXPECT_FALSE(has({1, 16, 12, 12, 32, 5, 0}, 0));
  EXPECT_FALSE(PooledConvolutionPlan::make({1, 16, 12, 12, 32, 5, 0}, 1, nullptr).has_value());
}

}  // namespace
}  // namespace geomx::trainer::direct
