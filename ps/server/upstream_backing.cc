#include "ps/server/upstream_backing.h"

#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

class UpstreamChunk : public ChunkBacking {
 public:
  UpstreamChunk(KvWorker& upstream, const Chunk& chunk, Backing::Deliver deliver)
      : upstream_(upstream), chunk_(chunk), deliver_(std::move(deliver)) {}

  void init(const Buffer&) override {
    throw Error("only the master worker, in the central party, gives initial values");
  }
  void fetch() override { upstream_.pull_chunk(chunk_, deliver_); }
  void advance(Fsa::Sum sum) override {
    upstream_.push_pull_chunk(chunk_, sum.round, sum.workers, std::move(sum.values), deliver_);
  }

 private:
  KvWorker& upstream_;
  Chunk chunk_;
  Backing::Deliver deliver_;
};

}  // namespace

void UpstreamBacking::on_failure(std::function<void(const std::string& why)> handler) {
  upstream_.on_failure(std::move(handler));
}

void UpstreamBacking::configure(const proto::OptimizerConfig&) {
  throw Error("only the master worker, in the central party, sets the optimizer");
}

std::unique_ptr<ChunkBacking> UpstreamBacking::open(const Chunk& chunk, Deliver deliver) {
  return std::make_unique<UpstreamChunk>(upstream_, chunk, std::move(deliver));
}

}  // namespace geomx::ps
