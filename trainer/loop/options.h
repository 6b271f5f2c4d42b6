#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "trainer/cost/cost_backend.h"
#include "trainer/data/augment.h"
#include "trainer/data/slice.h"
#include "trainer/model/precision.h"

namespace geomx::trainer {

// Of the learning rate (ps/optim/schedule.h). What a schedule does not have stays 0.
struct ScheduleOptions {
  std::string name;  // constant, step, cosine; empty: constant
  std::uint64_t warmup = 0;
  std::uint64_t every = 0;
  double gamma = 0;
  std::uint64_t total = 0;
  double floor = 0;
};

// What a worker is to train, as the original's examples call it.
struct WorkerOptions {
  std::string device = "auto";  // device.h
  Precision precision = Precision::fp32;
  CostOptions cost;  // of device model, which has no model and no data set, and needs rounds
  std::string model = "cnn";
  std::string dataset = "fashion-mnist";
  std::optional<std::filesystem::path> data_dir;  // in place of where ./bootstrap puts the data set
  std::optional<std::size_t> data_slice;          // --data-slice-idx; a master worker trains only where it has one
  std::size_t context = kContext;                 // bytes of a sample of text
  SplitKind split = SplitKind::contiguous;
  Augment augment = Augment::none;  // of the training images
  double dirichlet_alpha = 0.5;     // of that split
  std::size_t batch_size = 32;      // per worker
  // Batches are put together on a thread of their own. Left out: where the device leaves the processor a core for it.
  std::optional<bool> prefetch;
  long epochs = 5;             // of this worker's slice
  std::optional<long> rounds;  // in place of epochs: exchanges with the servers (ps/worker/replica.h)
  long evaluate_every = 0;     // rounds, besides the end of each epoch; 0: only there
  // sgd, adam, adamw; empty: adam, with diloco adamw. The master worker gives it to all.
  std::string optimizer;
  double learning_rate = 0.01;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  ScheduleOptions schedule;
  std::optional<double> clip_norm;  // ps/worker/clipping.h
  std::optional<double> clip_value;
  std::uint64_t seed = 1;  // of the initial values and of the order of samples; the same for all workers
  int threads = 1;
  double timeout = 600;  // seconds, of a round: slow links are slow, and dead peers are found by their heartbeats
  std::optional<std::filesystem::path> parameters_out;  // the model at the end (checkpoint.h)
  std::optional<std::filesystem::path> checkpoint;      // folder (checkpointing.h)
  long checkpoint_every = 100;                          // rounds; 0: only at the end
  bool resume = false;
  std::optional<std::filesystem::path> record_profile;  // of what the steps cost (trainer/cost/profile.h)
};

}  // namespace geomx::trainer
