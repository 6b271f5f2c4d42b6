#include "ps/server/optimizer_backing.h"

#include <algorithm>
#include <utility>

#include "ps/config/error.h"
#include "ps/optim/optimizer.h"
#include "ps/sync/array_pool.h"

namespace geomx::ps {
namespace {

class OptimizerChunk : public ChunkBacking {
 public:
  OptimizerChunk(const OptimizerBacking& backing, const Chunk& chunk, int num_all_workers, Backing::Deliver deliver)
      : backing_(backing),
        arrays_(chunk.length),
        scale_(1.0F / static_cast<float>(num_all_workers)),
        deliver_(std::move(deliver)) {}

  void init(const Buffer& value) override {
    if (optimizer_) throw Error("it has its initial value already");
    optimizer_ = make_optimizer(backing_.configuration(), arrays_.length());
    std::shared_ptr<float> array = arrays_.take();
    const std::span<const float> given = value.as<float>();
    std::copy(given.begin(), given.end(), array.get());
    weights_ = arrays_.freeze(std::move(array));
    deliver_({{}, 0, weights_});
  }

  void fetch() override {}  // init() will bring it

  // Answers of earlier rounds may still be on their way out of the old array, so the step writes to another one.
  void advance(Fsa::Sum sum) override {
    std::shared_ptr<float> array = arrays_.take();
    optimizer_->step(weights_.as<float>(), sum.values.as<float>(), scale_, {array.get(), arrays_.length()});
    weights_ = arrays_.freeze(std::move(array));
    deliver_({{}, sum.round, weights_});
  }

 private:
  const OptimizerBacking& backing_;
  ArrayPool arrays_;
  float scale_;
  Backing::Deliver deliver_;
  std::unique_ptr<Optimizer> optimizer_;  // from init() on
  Buffer weights_;
};

}  // namespace

void OptimizerBacking::configure(const proto::OptimizerConfig& config) {
  validate(config);
  const std::lock_guard lock(mutex_);
  if (config_) throw Error("the optimizer is set already");
  config_ = config;
}

proto::OptimizerConfig OptimizerBacking::configuration() const {
  const std::lock_guard lock(mutex_);
  if (!config_) throw Error("no optimizer is set: configure() comes before init()");
  return *config_;
}

std::unique_ptr<ChunkBacking> OptimizerBacking::open(const Chunk& chunk, Deliver deliver) {
  return std::make_unique<OptimizerChunk>(*this, chunk, num_all_workers_, std::move(deliver));
}

}  // namespace geomx::ps
