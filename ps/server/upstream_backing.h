#pragma once

#include "ps/server/backing.h"

namespace geomx::ps {

// A party server's: values come from the servers above, and the party's sums go up, each as soon as it is complete.
class UpstreamBacking : public Backing {
 public:
  explicit UpstreamBacking(KvWorker& upstream) : upstream_(upstream) {}
  void on_failure(std::function<void(const std::string& why)> handler) override;
  void configure(const proto::OptimizerConfig& config) override;
  std::unique_ptr<ChunkBacking> open(const Chunk& chunk, Deliver deliver) override;

 private:
  KvWorker& upstream_;  // outlives this
};

}  // namespace geomx::ps
