#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ps/config/job_config.h"
#include "ps/proto/checkpoint.pb.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {

// A worker's copy of the parameters, under whichever algorithm the job has: a training loop gives it the gradients of
// batch after batch, and it pushes, pulls and steps as the algorithm says. Keys are 0, 1, ... in the order of the
// tensors.
//
//   Replica replica(session.kv(), session.job(), parameters);
//   replica.pull();
//   while (replica.round() < session.rounds()) {
//     for each tensor, as soon as its gradient is there: replica.learn(key, gradient);
//     replica.finish_step();
//   }
//
// A round is one exchange with the servers, of one step or of several:
//
//   fsa, mixed           a round is a step: gradients go up, new weights come down
//   ... with Bi-Sparse,  fsa: the mean of all gradients comes down, and the replica steps the job's optimizer on it
//       MPQ
//   hfa, diloco, esync   the replica steps an optimizer of its own K1 or H times, or as often as the state server says;
//                        then the difference from what it last received goes up, and new weights come down
//
// The optimizer is the one that the master worker has configured. Where that says so, gradients are clipped before all
// else (clipping.h).
//
// Rounds may overlap, which is what priority propagation (P3) is for: then finish_step() does not wait for the new
// parameters; the next step calls need() for each tensor as its forward pass comes to it, and whoever reads them all
// calls settle() before.
//
// A worker that computes nothing has placeholders for parameters: its replica asks and answers as any other, by the
// same algorithm, and steps nothing; the gradients that it is given are ignored.
//
// Threading: one thread. Errors: Error. Memory: the parameters are the caller's and outlive the replica; a gradient
// must stay as it is until finish_step() has returned or, where rounds overlap, need() of the same key or settle().
class Replica {
 public:
  Replica(KvWorker& kv, const JobConfig& job, std::vector<std::span<float>> parameters);
  Replica(KvWorker& kv, const JobConfig& job, std::vector<Placeholder> parameters);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Before the first step: rounds overlap.
  void overlap_rounds();
  // In a job that runs already, round() and steps() then are those of the others: the data of so many steps is behind.
  void pull();

  // For a checkpoint of this worker's, between two rounds, after settle(): what it has besides the parameters, and what
  // its next round depends on.
  struct State {
    std::uint64_t round = 0;
    std::uint64_t steps = 0;
    std::vector<proto::StepState> optimizers;  // by key, where this worker steps; else none
  };
  State save() const;
  // After pull(), which has brought the same round's parameters. Throws Error where it is of another job.
  void restore(const State& state);

  // What was done since the last step (an evaluation, say) was not for the next one, whose time ESync measures.
  void start_step();
  // The step is about to read the parameter: waits until it is there.
  void need(std::uint32_t key);
  // All parameters are about to be read: waits until they are there.
  void settle();
  // The gradient of this step's batch, once for each key; the step no longer reads the parameter.
  void learn(std::uint32_t key, std::span<const float> gradient);
  // Of this step's batch.
  void tell_loss(double loss);
  // True where the step was the last of its round, whose parameters are then there, unless rounds overlap.
  bool finish_step();

  // What the round's exchange was waiting for; taken once all of its parameters are there.
  std::optional<RoadTimes> take_road_times() { return kv_.take_road_times(); }

  std::uint64_t round() const;  // how many have been completed
  std::uint64_t steps() const;

 private:
  struct Impl;
  KvWorker& kv_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
