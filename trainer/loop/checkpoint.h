#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ps/worker/replica.h"
#include "trainer/loop/options.h"
#include "trainer/model/backend.h"
#include "trainer/model/graph.h"
#include "trainer/tensor/safetensors.h"
#include "trainer/tensor/tensors.h"

// A worker's training as a safetensors file:
//
//   conv1.weight, ...                  the model's parameters, and its buffers (running statistics)
//   optimizer.momentum.conv1.weight    the state of the optimizer, where this worker steps by itself
//   __metadata__                       model, graph (a model file, trainer/model/model_file.h), input, classes,
//   dataset,
//                                      seed, batch_size, ...: what the training is; round, steps: where it is;
//                                      optimizer, optimizer_steps, optimizer_before
//
// The position in the data is a function of seed, data slice and steps.
namespace geomx::trainer {

struct Checkpoint {
  std::filesystem::path file;  // for errors
  TensorFile content;
  std::uint64_t round = 0;
};

// Throws Error, naming the file, where it is damaged or none of ours.
Checkpoint read_checkpoint(const std::filesystem::path& file);

// What a training is, as far as what it has come to depends on it: the same at all of its workers.
TensorFile::Metadata describe(const WorkerOptions& options, const Graph& model, std::size_t workers);
// The part of that which belongs to the model alone.
TensorFile::Metadata describe_model(const WorkerOptions& options, const Graph& model);
// Throws Error, naming the file, the option and both values, where a checkpoint is of another one.
void require_same_training(const Checkpoint& checkpoint, const TensorFile::Metadata& training);

std::vector<TensorView> views_of(const Tensors& tensors);
// The optimizers' state by tensor. Points into `state`.
void add_state(const ps::Replica::State& state, const ps::proto::OptimizerConfig& optimizer,
               const std::vector<TensorSpec>& parameters, TensorFile::Metadata& metadata,
               std::vector<TensorView>& tensors);

// What the metadata says. Throws Error where it says nothing of that.
const std::string& text_of(const Checkpoint& checkpoint, const std::string& key);
// The model that a checkpoint is of, for samples of that data set. Throws Error where its samples are others.
Graph model_of(const Checkpoint& checkpoint, const std::string& dataset, const Shape& input, int classes);

// Copy what a checkpoint has. Throw Error, naming file and tensor, where something is missing or has another shape.
void load_tensors(const Checkpoint& checkpoint, Tensors& into);
// Parameters and buffers; nothing but the state of optimizers may be left over.
void load_model(const Checkpoint& checkpoint, const Graph& model, Backend& backend);
ps::Replica::State state_of(const Checkpoint& checkpoint, const ps::proto::OptimizerConfig& optimizer,
                            const std::vector<TensorSpec>& parameters);

// Checkpoints of one or more workers in a folder, worker-SLICE-round-ROUND.safetensors: of each worker the newest two,
// so that a full disk or a kill loses the newest at most.
//
// Threading: one thread. Two processes must not write the same worker's.
class CheckpointFolder {
 public:
  static constexpr std::size_t kKept = 2;
  // Hears, in one line each, of what was passed over or replaced.
  using Warn = std::function<void(const std::string& line)>;

  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Throws Error where the folder cannot be made or written to.
  void make() const;

  // Throws Error naming the file; then those before are as they were. Later rounds of this worker's that are there are
  // another training's, and are removed.
  void write(std::size_t slice, std::uint64_t round, TensorFile::Metadata metadata,
             const std::vector<TensorView>& tensors) const;

  // The newest that is whole, of this worker or, without one, of any; nullopt where there is none. What is damaged is
  // passed over, with a warning.
  std::optional<Checkpoint> newest(std::optional<std::size_t> slice, const Warn& warn) const;
  // The one of that round, likewise.
  std::optional<Checkpoint> of_round(std::size_t slice, std::uint64_t round, const Warn& warn) const;
  // The last round of that worker's that there is a file of.
  std::optional<std::uint64_t> last_round(std::size_t slice) const;

 private:
  struct Found {
    std::filesystem::path file;
    std::size_t slice = 0;
    std::uint64_t round = 0;
  };
  std::vector<Found> find(std::optional<std::size_t> slice) const;  // newest first
  const std::filesystem::path folder_;
};

}  // namespace geomx::trainer
