#pragma once

#include <cstdint>

#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// The learning rate r(t) of step t = 0, 1, ..., with the configured rate R:
//
//   warm-up   the first W steps: R * (t + 1) / W, in front of any of the following, which begin at t = W
//   constant  R
//   step      R * gamma^floor((t - W) / every)
//   cosine    floor + (R - floor) / 2 * (1 + cos(pi * (t - W) / (total - W))), from t = total on the floor (Loshchilov
//   &
//             Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, without restarts)
//
// Steps are those that the optimizer makes: where it runs on the global servers, rounds (with MixedSync, of all
// parties together); where every worker has one, that worker's local steps.
//
// Pure; in double precision.
class Schedule {
 public:
  explicit Schedule(const proto::OptimizerConfig& config);  // REQUIRES: validate(config) has accepted it
  double rate(std::uint64_t step) const;

 private:
  double rate_;
  proto::LearningRateSchedule schedule_;
};

}  // namespace geomx::ps
