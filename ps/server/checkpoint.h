#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ps/config/job_config.h"
#include "ps/config/log.h"
#include "ps/config/node_config.h"
#include "ps/proto/checkpoint.pb.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// What a global server needs to go on where another one was: parameters, the optimizer's state and the rounds, of all
// of its chunks. The file is written beside its place and renamed, so that it is whole or the one before; a sum over
// its bytes tells a damaged one.
//
// Chunks do not wait for each other, and neither does a checkpoint: each is in it as it was after the same number of
// closings, and what was pushed since is pushed again by those who pushed it (KvWorker).
//
// Threading: any; a thread of its own writes. Errors of writing are told to the log, and the file before stays.
class Checkpoints {
 public:
  struct Content {
    proto::CheckpointHead head;
    std::vector<proto::ChunkState> chunks;
  };

  // Throws Error where the folder cannot be made.
  Checkpoints(const CheckpointConfig& config, Log log);
  ~Checkpoints();
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  // The file of this server; nullopt where there is none. Throws Error, naming it, where it cannot be read.
  std::optional<Content> read(std::uint32_t shard) const;
  // Before the first round: what all checkpoints begin with. The optimizer may come later.
  void begin(const proto::CheckpointHead& head, const std::vector<proto::ChunkState>& restored);
  void set_optimizer(const proto::OptimizerConfig& optimizer);

  bool is_due(std::uint64_t closings) const { return closings % every_ == 0; }
  // A chunk's; of `all` chunks, that many closings make a file.
  void add(std::size_t all, proto::ChunkState state);
  // The last of the contributor's rounds that is in the file.
  std::uint64_t durable(const Chunk& chunk, std::uint64_t contributor) const;

 private:
  using States = std::map<Chunk, proto::ChunkState>;
  // By chunk: the round of all, or those of each.
  struct Rounds {
    std::uint64_t of_all = 0;
    std::map<std::uint64_t, std::uint64_t> own;
  };

  std::filesystem::path file_of(std::uint32_t shard) const;
  void work();
  void write(const proto::CheckpointHead& head, const States& states) const;
  static std::map<Chunk, Rounds> rounds_of(const States& states);

  const std::filesystem::path folder_;
  const std::uint64_t every_;
  const Log log_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  proto::CheckpointHead head_;
  std::map<std::uint64_t, States> collected_;  // by closings
  std::optional<States> to_write_;
  std::map<Chunk, Rounds> durable_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace geomx::ps
