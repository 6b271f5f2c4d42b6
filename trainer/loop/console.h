#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "trainer/loop/observer.h"

namespace geomx::trainer {

// Training for people, in the original's words:
//
//   [Time 12.345][Epoch 0][Iteration 20] loss 0.5312
//   [Time 57.002][Epoch 1][Iteration 468] test accuracy 0.8312, test loss 0.4512
//
// verbose (PS_VERBOSE) 0: nothing; 1: every 50th round and every evaluation; 2: every round, with its times.
class Console : public Observer {
 public:
  Console(std::FILE* out, int verbose) : out_(out), verbose_(verbose) {}
  void phase(const std::string& name, long rounds) override;
  void step(const StepReport& report, const Tensors& parameters) override;
  void evaluation(const EvaluationReport& report) override;

 private:
  void print(const std::string& line);
  double seconds() const;
  std::FILE* out_;
  int verbose_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace geomx::trainer
