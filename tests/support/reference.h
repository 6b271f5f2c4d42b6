#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "ps/proto/ps.pb.h"

// What the parameter server's results are compared with: the same mathematics in double precision, written down a
// second time and straight from the definitions.
namespace geomx::ps::testing {

inline proto::OptimizerConfig sgd(double learning_rate, double momentum = 0, double weight_decay = 0) {
  proto::OptimizerConfig config;
  config.set_name("sgd");
  config.set_learning_rate(learning_rate);
  config.set_momentum(momentum);
  config.set_weight_decay(weight_decay);
  return config;
}

inline proto::OptimizerConfig adam(double learning_rate, double weight_decay = 0) {
  proto::OptimizerConfig config;
  config.set_name("adam");
  config.set_learning_rate(learning_rate);
  config.set_weight_decay(weight_decay);
  return config;
}

inline proto::OptimizerConfig adamw(double learning_rate, double weight_decay) {
  proto::OptimizerConfig config = adam(learning_rate, weight_decay);
  config.set_name("adamw");
  return config;
}

inline proto::OptimizerConfig nesterov(double learning_rate, double momentum, double weight_decay = 0) {
  proto::OptimizerConfig config = sgd(learning_rate, momentum, weight_decay);
  config.set_nesterov(true);
  return config;
}

// Steps count from 0.
inline double reference_rate(const proto::OptimizerConfig& config, std::uint64_t step) {
  const proto::LearningRateSchedule& schedule = config.schedule();
  const auto t = static_cast<double>(step);
  const auto w = static_cast<double>(schedule.warmup());
  if (t < w) return config.learning_rate() * (t + 1) / w;
  if (schedule.name() == "step") {
    double rate = config.learning_rate();
    for (double passed = static_cast<double>(schedule.every()); passed <= t - w; passed += schedule.every()) {
      rate *= schedule.gamma();
    }
    return rate;
  }
  if (schedule.name() == "cosine") {
    const double share = std::min((t - w) / (static_cast<double>(schedule.total()) - w), 1.0);
    const double weight = 0.5 * (1 + std::cos(std::acos(-1.0) * share));
    return weight * config.learning_rate() + (1 - weight) * schedule.floor();
  }
  return config.learning_rate();
}

class ReferenceOptimizer {
 public:
  ReferenceOptimizer(proto::OptimizerConfig config, std::size_t length)
      : config_(std::move(config)), first_(length), second_(length) {}

  void step(std::vector<double>& weights, const std::vector<double>& gradient) {
    const double rate = reference_rate(config_, static_cast<std::uint64_t>(t_++));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const bool decoupled = config_.name() == "adamw";
      const double d = gradient[i] + (decoupled ? 0 : config_.weight_decay() * weights[i]);
      if (decoupled) weights[i] -= rate * config_.weight_decay() * weights[i];
      if (config_.name() == "sgd") {
        first_[i] = t_ == 1 ? d : config_.momentum() * first_[i] + d;
        weights[i] -= rate * (config_.nesterov() ? d + config_.momentum() * first_[i] : first_[i]);
      } else {
        const double beta1 = config_.has_beta1() ? config_.beta1() : 0.9;
        const double beta2 = config_.has_beta2() ? config_.beta2() : 0.999;
        const double epsilon = config_.has_epsilon() ? config_.epsilon() : 1e-8;
        first_[i] = beta1 * first_[i] + (1 - beta1) * d;
        second_[i] = beta2 * second_[i] + (1 - beta2) * d * d;
        const double mean = first_[i] / (1 - std::pow(beta1, t_));
        const double variance = second_[i] / (1 - std::pow(beta2, t_));
        weights[i] -= rate * mean / (std::sqrt(variance) + epsilon);
      }
    }
  }

 private:
  proto::OptimizerConfig config_;
  int t_ = 0;
  std::vector<double> first_, second_;
};

// Linear regression on synthetic samples: each tensor is a weight vector of its own, y = x.target + noise. The samples
// are a function of (tensor, worker, round), so any worker's gradient can be computed anywhere.
struct Regression {
  static constexpr int kBatch = 3;
  std::vector<std::size_t> lengths = {5, 1, 64, 300};

  std::vector<float> initial(std::size_t tensor) const {
    std::mt19937_64 random(1000 + tensor);
    std::uniform_real_distribution<float> uniform(-1, 1);
    std::vector<float> values(lengths[tensor]);
    for (float& value : values) value = uniform(random);
    return values;
  }

  template <typename Real>
  void gradient(std::size_t tensor, std::size_t worker, std::size_t round, std::span<const Real> weights,
                std::span<Real> result) const {
    std::mt19937_64 random(tensor * 1'000'003 + worker * 10'007 + round);
    std::normal_distribution<float> normal;
    const std::size_t n = lengths[tensor];
    std::vector<float> x(n);
    for (Real& value : result) value = 0;
    for (int sample = 0; sample < kBatch; ++sample) {
      for (float& value : x) value = normal(random);
      Real error = Real(0.1F * normal(random));
      for (std::size_t i = 0; i < n; ++i)
        error += (weights[i] - Real(0.5)) * Real(x[i]);  // the target is 0.5 throughout
      for (std::size_t i = 0; i < n; ++i) result[i] += error * Real(x[i]) / Real(kBatch * n);
    }
  }

  // One process that trains on everybody's samples: all tensors after `rounds`.
  std::vector<std::vector<double>> train(const proto::OptimizerConfig& optimizer, std::size_t workers,
                                         std::size_t rounds) const {
    std::vector<std::vector<double>> tensors;
    for (std::size_t t = 0; t < lengths.size(); ++t) {
      const std::vector<float> start = initial(t);
      std::vector<double> weights(start.begin(), start.end());
      ReferenceOptimizer reference(optimizer, weights.size());
      for (std::size_t round = 1; round <= rounds; ++round) {
        std::vector<double> mean(weights.size());
        std::vector<double> mine(weights.size());
        for (std::size_t worker = 0; worker < workers; ++worker) {
          gradient<double>(t, worker, round, weights, mine);
          for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += mine[i] / static_cast<double>(workers);
        }
        reference.step(weights, mean);
      }
      tensors.push_back(std::move(weights));
    }
    return tensors;
  }
};

}  // namespace geomx::ps::testing
