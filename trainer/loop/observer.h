#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// One round: an exchange with the servers, and the step, or the local steps, that led to it (ps/worker/replica.h).
struct StepReport {
  long round = 0;              // from 1
  long epoch = 0;              // from 0: the one that the last step belongs to
  std::optional<double> loss;  // mean over the samples, each batch's before its update; nothing: a cost model
  std::size_t samples = 0;
  double compute_ms = 0;      // forward and backward, without waits; pushes have begun meanwhile
  double communicate_ms = 0;  // waited for the new parameters (with P3: in the next round's forward pass)
  double push_ms = 0;         // of communicate_ms: the last push was not at its server yet,
  double wait_ms = 0;         // the servers had not answered everything,
  double pull_ms = 0;         // the answers were on their way
};

// What a node's round was spent on: docs/run-folder.md.
struct RoundReport {
  long round = 0;
  double gather_ms = 0;  // a server: its workers' pushes were awaited
  double compute_ms = 0;
  double push_ms = 0;
  double wait_ms = 0;
  double pull_ms = 0;
};

struct EvaluationReport {
  long round = 0;
  long epoch = 0;  // epochs that have been completed
  double accuracy = 0;
  double loss = 0;  // mean over the test set
  std::size_t samples = 0;
  double evaluate_ms = 0;  // how long it took; this worker did not train meanwhile
};

// Who wants to know how training goes: metrics, console, tests. Called on the worker's thread, between steps.
class Observer {
 public:
  virtual ~Observer() = default;
  // "ready" (joined, parameters here), "training", "finished". `rounds`: how many there will be.
  virtual void phase(const std::string& name, long rounds) = 0;
  virtual void step(const StepReport& report, const Tensors& parameters) = 0;
  // Every second or so of an evaluation that takes so long: it goes on, and this is how far it is.
  virtual void evaluating(std::size_t /*done*/, std::size_t /*samples*/) {}
  virtual void evaluation(const EvaluationReport& report) = 0;
  // One line: something that was asked for cannot be done, or not as asked, and training goes on.
  virtual void warning(const std::string& /*line*/) {}
  // Once, after the last round: what this worker's training has come to. Not of a cost model, which has no values.
  virtual void replica(long /*round*/, const Tensors& /*parameters*/) {}
};

}  // namespace geomx::trainer
