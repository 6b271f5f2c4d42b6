#include "trainer/loop/checkpointing.h"

#include <fmt/format.h>

#include <utility>

#include "ps/config/error.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {

Checkpointing::Checkpointing(const WorkerOptions& options, const Graph& model, std::size_t workers, Observer& observer)
    : folder_(*options.checkpoint),
      name_(options.checkpoint->string()),
      training_(describe(options, model, workers)),
      slice_(options.data_slice),
      every_(static_cast<std::uint64_t>(options.checkpoint_every)),
      resumes_(options.resume),
      observer_(observer),
      warn_([&observer](const std::string& line) { observer.warning(line); }) {
  folder_.make();
  if (!resumes_) return;
  if (slice_) start_ = folder_.newest(slice_, warn_);
  // After a round all have the same parameters: another worker's will do to begin with.
  if (!start_) start_ = folder_.newest(std::nullopt, warn_);
  if (!start_) {
    throw Error("--resume: " + name_ + " has no checkpoint to go on from (without --resume, training begins anew)");
  }
  require_same_training(*start_, training_);
}

std::optional<std::uint64_t> Checkpointing::load_start(Tensors& parameters) {
  if (!start_) return std::nullopt;
  load_tensors(*start_, parameters);
  return start_->round;
}

void Checkpointing::begin(ps::Session& session, ps::Replica& replica, Backend& backend, std::uint64_t rounds) {
  optimizer_ = session.kv().optimizer().value_or(ps::proto::OptimizerConfig());
  together_ = static_cast<std::uint64_t>(session.job().sync.party_rounds);
  rounds_ = rounds;
  last_ = replica.round();
  start_.reset();
  if (resumes_) return restore(replica, backend);
  if (replica.round() > 0) return;  // in the place of one that has died
  if (const auto old = folder_.last_round(*slice_); old.value_or(0) > 0) {
    observer_.warning(fmt::format(
        "{} has checkpoints of an earlier training, to round {}: they are replaced (--resume goes on from them)", name_,
        *old));
  }
  write(replica, backend);  // so that there is one from the beginning on
}

void Checkpointing::restore(ps::Replica& replica, Backend& backend) {
  const auto own = folder_.of_round(*slice_, replica.round(), warn_);
  if (own) {
    require_same_training(*own, training_);
    load_tensors(*own, backend.buffers());
    try {
      replica.restore(state_of(*own, optimizer_, backend.parameters().specs()));
    } catch (const ps::Error& error) {
      throw Error(own->file.string() + ": " + error.what());
    }
    return;
  }
  if (replica.save().optimizers.empty() && backend.buffers().count() == 0)
    return;  // there is nothing that the servers do not have
  observer_.warning(
      fmt::format("{} has no checkpoint of round {} of data slice {}, where the servers are: running statistics and "
                  "its own optimizer begin anew",
                  name_, replica.round(), *slice_));
}

bool Checkpointing::is_due(std::uint64_t round) const {
  if (round == last_) return false;
  if (round >= rounds_) return true;
  return every_ > 0 && round / every_ > last_ / every_ && round % together_ == 0;
}

void Checkpointing::write(const ps::Replica& replica, Backend& backend) {
  const ps::Replica::State state = replica.save();
  TensorFile::Metadata metadata = training_;
  metadata["data_slice"] = std::to_string(*slice_);
  std::vector<TensorView> tensors = views_of(backend.parameters());
  for (TensorView& buffer : views_of(backend.buffers())) tensors.push_back(std::move(buffer));
  add_state(state, optimizer_, backend.parameters().specs(), metadata, tensors);
  try {
    folder_.write(*slice_, state.round, std::move(metadata), tensors);
    failure_.clear();
  } catch (const Error& error) {
    failure_ = error.what();
    observer_.warning("no checkpoint of round " + std::to_string(state.round) + ": " + failure_);
  }
  last_ = state.round;
}

void Checkpointing::finish() const {
  if (!failure_.empty()) throw Error("the last checkpoint is missing: " + failure_);
}

}  // namespace geomx::trainer
