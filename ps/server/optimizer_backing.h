#pragma once

#include <mutex>
#include <optional>

#include "ps/server/backing.h"

namespace geomx::ps {

// A global server's: it holds the weights, and steps the configured optimizer on the mean over all training workers.
class OptimizerBacking : public Backing {
 public:
  explicit OptimizerBacking(int num_all_workers) : num_all_workers_(num_all_workers) {}
  void on_failure(std::function<void(const std::string& why)>) override {}  // nothing behind it can fail
  void configure(const proto::OptimizerConfig& config) override;            // once
  std::unique_ptr<ChunkBacking> open(const Chunk& chunk, Deliver deliver) override;

  // Throws Error as long as there is none.
  proto::OptimizerConfig configuration() const;

 private:
  int num_all_workers_;
  mutable std::mutex mutex_;
  std::optional<proto::OptimizerConfig> config_;  // guarded by mutex_
};

}  // namespace geomx::ps
