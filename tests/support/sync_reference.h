#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <vector>

#include "tests/support/reference.h"

// The algorithms of docs/algorithms.md, each once more, in one process, in double precision and straight from its
// formulas: what a job's replicas are compared with. The tensors of the regression do not depend on each other, so each
// function computes one.
namespace geomx::ps::testing {

using Vector = std::vector<double>;

// The workers of each party, by data slice.
using Parties = std::vector<std::vector<std::size_t>>;

inline std::size_t count_workers(const Parties& parties) {
  std::size_t count = 0;
  for (const auto& party : parties) count += party.size();
  return count;
}

inline void add_scaled(Vector& sum, double scale, const Vector& addend) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += scale * addend[i];
}

struct Problem {
  const Regression& model;
  std::size_t tensor = 0;
  proto::OptimizerConfig optimizer{};
  Parties parties{};

  Vector initial() const {
    const std::vector<float> start = model.initial(tensor);
    return {start.begin(), start.end()};
  }
  // Of worker `slice`, in its step `step` (from 1), at `weights`.
  Vector gradient(std::size_t slice, std::size_t step, const Vector& weights) const {
    Vector result(weights.size());
    model.gradient<double>(tensor, slice, step, weights, result);
    return result;
  }
};

// MixedSync: parties push in the order of `turns`, each a gradient that it has computed where it got to with its last
// push. With `lambda`, DCASGD: w - lr * (g + lambda * g*g * (w - w_prev)).
inline Vector reference_mixed(const Problem& problem, const std::vector<std::size_t>& turns, double lambda = 0) {
  Vector w = problem.initial();
  std::vector<Vector> previous(problem.parties.size(), w);
  std::vector<std::size_t> steps(problem.parties.size());
  for (const std::size_t party : turns) {
    const auto& workers = problem.parties[party];
    Vector g(w.size());
    ++steps[party];
    for (const std::size_t slice : workers) {
      add_scaled(g, 1.0 / static_cast<double>(workers.size()), problem.gradient(slice, steps[party], previous[party]));
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
      w[i] -= problem.optimizer.learning_rate() * (g[i] + lambda * g[i] * g[i] * (w[i] - previous[party][i]));
    }
    previous[party] = w;
  }
  return w;
}

// HFA and DiLoCo. Every `k1` steps a party averages its workers' parameters; every `k2` of these rounds the parties'
// deltas from the common milestone are averaged, and the milestone moves on: by the mean delta (HFA: rate 1, momentum
// 0), or by SGD with Nesterov momentum along it (DiLoCo).
struct Hfa {
  std::size_t k1 = 1;
  std::size_t k2 = 1;
  double rate = 1;
  double momentum = 0;
};
inline Vector reference_hfa(const Problem& problem, const Hfa& hfa, std::size_t rounds) {
  Vector milestone = problem.initial();
  Vector velocity(milestone.size());
  std::vector<Vector> means(problem.parties.size(), milestone);
  std::map<std::size_t, ReferenceOptimizer> optimizers;
  std::size_t step = 0;
  for (std::size_t round = 1; round <= rounds; ++round, step += hfa.k1) {
    for (std::size_t party = 0; party < problem.parties.size(); ++party) {
      Vector mean(milestone.size());
      for (const std::size_t slice : problem.parties[party]) {
        ReferenceOptimizer& own = optimizers.try_emplace(slice, problem.optimizer, milestone.size()).first->second;
        Vector w = means[party];
        for (std::size_t k = 1; k <= hfa.k1; ++k) own.step(w, problem.gradient(slice, step + k, w));
        add_scaled(mean, 1.0 / static_cast<double>(problem.parties[party].size()), w);
      }
      means[party] = mean;
    }
    if (round % hfa.k2 != 0 && round != rounds) continue;
    Vector delta(milestone.size());
    for (const Vector& mean : means) {
      for (std::size_t i = 0; i < delta.size(); ++i) {
        delta[i] += (mean[i] - milestone[i]) / static_cast<double>(means.size());
      }
    }
    for (std::size_t i = 0; i < delta.size(); ++i) {
      velocity[i] = hfa.momentum * velocity[i] + delta[i];
      milestone[i] += hfa.rate * (delta[i] + hfa.momentum * velocity[i]);
    }
    for (Vector& mean : means) mean = milestone;
  }
  return milestone;
}

// ESync: worker `slice` makes steps(slice, round) local steps and pushes w - w_prev; w += rate * mean over the workers.
inline Vector reference_esync(const Problem& problem, double rate, std::size_t rounds,
                              const std::function<std::size_t(std::size_t slice, std::size_t round)>& steps) {
  Vector w = problem.initial();
  std::map<std::size_t, ReferenceOptimizer> optimizers;
  std::map<std::size_t, std::size_t> done;
  const double share = 1.0 / static_cast<double>(count_workers(problem.parties));
  for (std::size_t round = 1; round <= rounds; ++round) {
    Vector mean(w.size());
    for (const auto& party : problem.parties) {
      for (const std::size_t slice : party) {
        ReferenceOptimizer& own = optimizers.try_emplace(slice, problem.optimizer, w.size()).first->second;
        Vector mine = w;
        for (std::size_t k = steps(slice, round); k > 0; --k)
          own.step(mine, problem.gradient(slice, ++done[slice], mine));
        for (std::size_t i = 0; i < w.size(); ++i) mean[i] += share * (mine[i] - w[i]);
      }
    }
    add_scaled(w, rate, mean);
  }
  return w;
}

// Bi-Sparse between synchronous parties: u = momentum*u + g; v = v + u; the k largest |v| are sent, and u and v are
// zero there. Every worker steps the optimizer on the mean of what was sent. `keep`: without it what is not sent is
// lost.
struct Sparse {
  double ratio = 0.1;
  double momentum = 0.9;
  bool keep = true;
};
inline Vector reference_bisparse(const Problem& problem, const Sparse& sparse, std::size_t rounds) {
  Vector w = problem.initial();
  const std::size_t n = w.size();
  std::vector<Vector> us(problem.parties.size(), Vector(n)), vs = us;
  ReferenceOptimizer optimizer(problem.optimizer, n);
  const auto k = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(static_cast<double>(n) * sparse.ratio)));
  for (std::size_t round = 1; round <= rounds; ++round) {
    Vector sum(n);
    for (std::size_t party = 0; party < problem.parties.size(); ++party) {
      Vector& u = us[party];
      Vector& v = vs[party];
      Vector g(n);
      for (const std::size_t slice : problem.parties[party]) add_scaled(g, 1, problem.gradient(slice, round, w));
      for (std::size_t i = 0; i < n; ++i) {
        u[i] = sparse.momentum * u[i] + g[i];
        v[i] += u[i];
      }
      std::vector<std::size_t> order(n);
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return std::abs(v[a]) > std::abs(v[b]); });
      for (std::size_t j = 0; j < n; ++j) {
        const std::size_t i = order[j];
        if (j < k) sum[i] += v[i];
        if (j < k) u[i] = 0;
        if (j < k || !sparse.keep) v[i] = 0;
      }
    }
    for (double& value : sum) value /= static_cast<double>(count_workers(problem.parties));
    optimizer.step(w, sum);
  }
  return w;
}

}  // namespace geomx::ps::testing
