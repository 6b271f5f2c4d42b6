#include "ps/server/global_backing.h"

#include <algorithm>
#include <span>
#include <utility>

#include "ps/codec/choice.h"
#include "ps/config/error.h"
#include "ps/optim/optimizer.h"
#include "ps/optim/saved_array.h"
#include "ps/sync/answer.h"
#include "ps/sync/copies.h"
#include "ps/sync/fsa.h"
#include "ps/sync/mixed.h"
#include "ps/sync/outer_step.h"
#include "ps/sync/packer.h"

namespace geomx::ps {
namespace {

class GlobalChunk : public ChunkBacking {
 public:
  GlobalChunk(const GlobalBacking& backing, const Chunk& chunk, Backing::Deliver deliver)
      : backing_(backing),
        arrays_(chunk.length),
        answer_(answer_of(backing.job(), chunk.total)),
        each_has_its_own_(backing.job().sync.name == SyncName::mixed),
        packer_(encoder_for(backing.job().codec, chunk.total, Link::wan, Direction::pull), chunk.length),
        copies_(chunk.length),
        deliver_(std::move(deliver)) {}

  void init(const Buffer& value, std::uint64_t round) override {
    if (step_) throw Error("it has its initial value already");
    const auto optimizer = backing_.optimizer();
    if (!optimizer) throw Error("no optimizer is set: configure() comes before init()");
    step_ = make_outer_step(backing_.job().sync, *optimizer, arrays_.length());
    step_->begin_at(round);
    std::shared_ptr<float> array = arrays_.take();
    const std::span<const float> given = value.as<float>();
    std::copy(given.begin(), given.end(), array.get());
    weights_ = arrays_.freeze(std::move(array));
    copies_.begin(weights_);
    if (answer_ == Answer::weights) encoded_ = packer_.pack(weights_);
    deliver_({.pulled = true, .round = round, .content = pulled()});
  }

  void fetch() override {}  // init() will bring it

  void advance(Sum sum) override {
    switch (answer_) {
      case Answer::weights:
        step(sum);
        encoded_ = packer_.pack(weights_);
        if (each_has_its_own_) copies_.set(sum.contributor, weights_);
        return deliver_({.round = sum.round, .content = encoded_});
      case Answer::mean: {
        // The weights here take the same step as at every worker: along what was sent.
        const Encoded mean = packer_.pack(mean_of(sum));
        sum.values = unpack(mean, arrays_);
        sum.workers = 1;
        step(sum);
        return deliver_({.round = sum.round, .content = mean});
      }
      case Answer::difference:
        step(sum);
        return deliver_({.round = sum.round, .content = copies_.catch_up(owner(sum.contributor), weights_, packer_)});
    }
  }

  std::optional<Encoded> value(std::uint64_t contributor) override {
    if (!step_) return std::nullopt;
    if (each_has_its_own_) copies_.set(contributor, weights_);
    return pulled();
  }

  void save(proto::ChunkState& state) const override {
    state.set_weights(saved(weights_.as<float>()));
    step_->save(*state.mutable_step());
    copies_.save(state);
  }

  void restore(const proto::ChunkState& state) override {
    step_ = make_outer_step(backing_.job().sync, backing_.optimizer().value(), arrays_.length());
    step_->restore(state.step());
    weights_ = restored(state.weights(), arrays_);
    copies_.restore(state);
    if (answer_ == Answer::weights) encoded_ = packer_.pack(weights_);
  }

 private:
  // Where all get the same answers, all have the same copy.
  std::uint64_t owner(std::uint64_t contributor) const { return each_has_its_own_ ? contributor : 0; }

  Encoded pulled() const {
    if (answer_ == Answer::weights) return encoded_;
    const bool common = answer_ == Answer::difference && !each_has_its_own_;
    return {Format::fp32, common ? copies_.of(owner(0)) : weights_};
  }

  // Answers of earlier rounds may still be on their way out of the old array, so the step writes to another one.
  void step(const Sum& sum) {
    std::shared_ptr<float> array = arrays_.take();
    step_->step(weights_.as<float>(), copies_.of(sum.contributor).as<float>(), sum, {array.get(), arrays_.length()});
    weights_ = arrays_.freeze(std::move(array));
  }

  Buffer mean_of(const Sum& sum) {
    std::shared_ptr<float> array = arrays_.take();
    const float share = 1.0F / static_cast<float>(sum.workers);
    const std::span<const float> sums = sum.values.as<float>();
    for (std::size_t i = 0; i < sums.size(); ++i) array.get()[i] = share * sums[i];
    return arrays_.freeze(std::move(array));
  }

  const GlobalBacking& backing_;
  ArrayPool arrays_;
  const Answer answer_;
  const bool each_has_its_own_;  // a copy of its own: it alone is answered when it has pushed
  Packer packer_;
  Copies copies_;
  Backing::Deliver deliver_;
  std::unique_ptr<OuterStep> step_;  // from init() on
  Buffer weights_;
  Encoded encoded_;  // the weights, where these travel
};

}  // namespace

void GlobalBacking::configure(const proto::OptimizerConfig& config) {
  validate(config);
  make_outer_step(job_.sync, config, 0);  // refuses here what every chunk would
  const std::lock_guard lock(mutex_);
  if (optimizer_ && optimizer_->SerializeAsString() == config.SerializeAsString()) return;
  if (optimizer_) throw Error("the optimizer is set already");
  optimizer_ = config;
  if (configured_) configured_(config);
}

std::optional<proto::OptimizerConfig> GlobalBacking::optimizer() const {
  const std::lock_guard lock(mutex_);
  return optimizer_;
}

std::unique_ptr<Gathering> GlobalBacking::gather(const Chunk& chunk) const {
  if (job_.sync.name == SyncName::mixed) return std::make_unique<Mixed>(chunk.length);
  return std::make_unique<Fsa>(static_cast<std::uint32_t>(num_all_workers_), chunk.length);
}

std::shared_ptr<ChunkBacking> GlobalBacking::open(const Chunk& chunk, Deliver deliver) {
  return std::make_shared<GlobalChunk>(*this, chunk, std::move(deliver));
}

}  // namespace geomx::ps
