#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ps/worker/session.h"
#include "trainer/loop/checkpoint.h"
#include "trainer/loop/observer.h"
#include "trainer/loop/options.h"
#include "trainer/model/backend.h"

namespace geomx::trainer {

// What a worker does about checkpoints (--checkpoint, --checkpoint-every, --resume) while it trains.
//
// Where a training goes on: the servers say the round. They begin from checkpoints of their own
// (GEOMX_CHECKPOINT_RESUME=1), with the optimizer's state, or else from what the master worker gives them: the
// parameters and the round of the newest whole checkpoint. Either way the workers learn the round with the parameters,
// and each takes from its own checkpoint of that round what the servers do not have: running statistics, and the state
// of the optimizer where workers step by themselves.
//
// Writing: after every so many rounds and after the last one; where parties are together in every K2nd round only, in
// such a one. What cannot be written is a warning, and training goes on; finish() throws where the last one could not.
//
// Threading: one thread. Errors: Error.
class Checkpointing {
 public:
  // Before the network is touched: makes the folder and, to resume, looks for a checkpoint of this training. Throws
  // where there is none.
  Checkpointing(const WorkerOptions& options, const Graph& model, std::size_t workers, Observer& observer);

  // Of the master worker, where the training resumes: fills in the parameters, and says which round of a worker they
  // are of. nullopt: it does not resume.
  std::optional<std::uint64_t> load_start(Tensors& parameters);

  // The parameters have been pulled, and with them replica.round(): takes what this worker's own checkpoint has.
  // `rounds`: after which the training ends.
  void begin(ps::Session& session, ps::Replica& replica, Backend& backend, std::uint64_t rounds);
  // After a round.
  bool is_due(std::uint64_t round) const;
  // REQUIRES: all parameters are here (Replica::settle()).
  void write(const ps::Replica& replica, Backend& backend);
  void finish() const;

 private:
  void restore(ps::Replica& replica, Backend& backend);

  const CheckpointFolder folder_;
  const std::string name_;  // of the folder, for people
  const TensorFile::Metadata training_;
  const std::optional<std::size_t> slice_;
  const std::uint64_t every_;  // rounds; 0: only the last
  const bool resumes_;
  Observer& observer_;
  const CheckpointFolder::Warn warn_;
  std::optional<Checkpoint> start_;
  ps::proto::OptimizerConfig optimizer_;  // from begin() on
  std::uint64_t together_ = 1;            // rounds of a worker from one that all parties share to the next
  std::uint64_t rounds_ = 0;
  std::uint64_t last_ = 0;  // round that was written, or begun with
  std::string failure_;     // of the last write
};

}  // namespace geomx::trainer
