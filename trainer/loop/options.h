#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace geomx::trainer {

// What a worker is to train, as the original's examples call it.
struct WorkerOptions {
  std::string model = "cnn";
  std::string dataset = "fashion-mnist";
  std::optional<std::filesystem::path> data_dir;  // in place of where ./bootstrap puts the data set
  std::optional<std::size_t> data_slice;          // --data-slice-idx; a master worker trains only where it has one
  bool split_by_class = false;
  std::size_t batch_size = 32;  // per worker
  long epochs = 5;              // of this worker's slice
  std::optional<long> rounds;   // in place of epochs: exchanges with the servers (ps/worker/replica.h)
  long evaluate_every = 0;      // rounds, besides the end of each epoch; 0: only there
  // sgd, adam, adamw; empty: adam, with diloco adamw. The master worker gives it to all.
  std::string optimizer;
  double learning_rate = 0.01;
  double momentum = 0;
  double weight_decay = 0;
  std::uint64_t seed = 1;  // of the initial values and of the order of samples; the same for all workers
  int threads = 1;
  double timeout = 600;  // seconds, of a round: slow links are slow, and dead peers are found by their heartbeats
  std::optional<std::filesystem::path> parameters_out;  // parameters_file.h
};

}  // namespace geomx::trainer
