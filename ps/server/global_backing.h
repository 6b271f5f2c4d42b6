#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "ps/config/job_config.h"
#include "ps/server/backing.h"

namespace geomx::ps {

// A global server's: it holds the weights, and moves them on as the algorithm says (sync/outer_step.h). They are usable
// parameters at any time, whatever travels.
class GlobalBacking : public Backing {
 public:
  // `num_all_workers`: that train, worldwide. The job may be said later, but before open().
  explicit GlobalBacking(int num_all_workers, const JobConfig& job = {})
      : num_all_workers_(num_all_workers), job_(job) {}
  void begin(const JobConfig& job) { job_ = job; }

  void on_failure(std::function<void(const std::string& why)>) override {}  // nothing behind it can fail
  void configure(const proto::OptimizerConfig& config) override;            // once, or the same again
  std::optional<proto::OptimizerConfig> optimizer() const override;
  // Before configure().
  void on_configured(std::function<void(const proto::OptimizerConfig&)> handler) { configured_ = std::move(handler); }
  bool fetches() const override { return false; }
  std::unique_ptr<Gathering> gather(const Chunk& chunk) const override;
  std::shared_ptr<ChunkBacking> open(const Chunk& chunk, Deliver deliver) override;

  const JobConfig& job() const { return job_; }

 private:
  int num_all_workers_;
  JobConfig job_;
  std::function<void(const proto::OptimizerConfig&)> configured_;
  mutable std::mutex mutex_;
  std::optional<proto::OptimizerConfig> optimizer_;  // guarded by mutex_
};

}  // namespace geomx::ps
