#include "ps/server/party_backing.h"

#include <mutex>
#include <optional>
#include <utility>

#include "ps/codec/choice.h"
#include "ps/sync/answer.h"
#include "ps/sync/copies.h"
#include "ps/sync/fsa.h"
#include "ps/sync/packer.h"
#include "ps/sync/party_step.h"

namespace geomx::ps {

struct PartyBacking::Party {
  Party(Upstream& the_upstream, int workers)
      : upstream(the_upstream), num_workers(static_cast<std::uint32_t>(workers)) {}

  Upstream& upstream;
  const std::uint32_t num_workers;
  JobConfig job;
  std::uint64_t last_round = 0;
  std::mutex mutex;
  std::optional<proto::OptimizerConfig> optimizer;  // guarded by mutex

  void learn(const std::optional<proto::OptimizerConfig>& config) {
    const std::lock_guard lock(mutex);
    if (config && !optimizer) optimizer = config;
  }
  // What is pushed between parties. Momentum correction is for gradients, and depends on the optimizer.
  std::shared_ptr<const Encoder> push_encoder(std::uint64_t tensor_length) {
    CodecConfig codec = job.codec;
    const std::lock_guard lock(mutex);
    codec.momentum_correction = !steps_locally(job.sync) && optimizer && corrects_momentum(*optimizer);
    return encoder_for(codec, tensor_length, Link::wan, Direction::push);
  }
};

namespace {

class PartyChunk : public ChunkBacking, public std::enable_shared_from_this<PartyChunk> {
 public:
  PartyChunk(std::shared_ptr<PartyBacking::Party> party, const Chunk& chunk, Backing::Deliver deliver)
      : party_(std::move(party)),
        chunk_(chunk),
        answer_(answer_of(party_->job, chunk.total)),
        arrays_(chunk.length),
        step_(make_party_step(party_->job.sync, party_->last_round, chunk.length)),
        down_(encoder_for(party_->job.codec, chunk.total, Link::lan, Direction::pull), chunk.length),
        deliver_(std::move(deliver)) {}

  void init(const Buffer& value, std::uint64_t round) override {
    party_->upstream.init(chunk_, value, round);
    fetch();
  }

  void fetch() override {
    party_->upstream.pull(chunk_,
                          [self = shared_from_this()](const KvWorker::Answer& answer) { self->take_value(answer); });
  }

  void advance(Sum sum) override {
    PartyStep::Outcome outcome = step_->close(sum);
    if (outcome.value) return settle(sum.round, *outcome.value);
    {
      const std::lock_guard lock(mutex_);
      if (answer_ == Answer::mean) value_.reset();  // the weights move on without this server
    }
    party_->upstream.push_pull(chunk_, last_push_ + 1, {sum.workers, sum.absent}, up_->pack(outcome.up),
                               [self = shared_from_this(), round = sum.round](const KvWorker::Answer& answer) {
                                 self->take_answer(round, answer);
                               });
  }

  std::optional<Encoded> value(std::uint64_t) override {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  // The first, or, where this server does not hold the weights, any other.
  void take_value(const KvWorker::Answer& answer) {
    if (!answer.error.empty()) return deliver_({.error = answer.error, .pulled = true});
    std::optional<Encoded> value;
    {
      const std::lock_guard lock(mutex_);
      if (!up_) {
        party_->learn(answer.optimizer);
        up_.emplace(party_->push_encoder(chunk_.total), chunk_.length);
        last_push_ = answer.round;
        copy_ = unpack(answer.value, arrays_);
        step_->receive(copy_);
        value_ = answer_ == Answer::mean ? Encoded{Format::fp32, copy_} : down_.pack(copy_);
      }
      value = value_;
    }
    const auto rounds = static_cast<std::uint64_t>(party_->job.sync.party_rounds);
    deliver_({.pulled = true, .round = answer.round * rounds, .content = value.value_or(answer.value)});
  }

  void take_answer(std::uint64_t round, const KvWorker::Answer& answer) {
    if (!answer.error.empty()) return deliver_({.error = answer.error});
    last_push_ = answer.round;
    durable_ = answer.durable == kDurable ? kDurable
                                          : answer.durable * static_cast<std::uint64_t>(party_->job.sync.party_rounds);
    copy_ =
        answer_ == Answer::difference ? Copies::caught_up(copy_, answer.value, arrays_) : unpack(answer.value, arrays_);
    step_->receive(copy_);
    settle(round, copy_);
  }

  void settle(std::uint64_t round, const Buffer& value) {
    const Encoded content = down_.pack(value);
    if (answer_ != Answer::mean) {
      const std::lock_guard lock(mutex_);
      value_ = content;
    }
    deliver_({.round = round, .content = content, .durable = durable_});
  }

  // Touched by one thread at a time: a round's answer comes before the next round.
  const std::shared_ptr<PartyBacking::Party> party_;
  const Chunk chunk_;
  const Answer answer_;
  ArrayPool arrays_;
  std::unique_ptr<PartyStep> step_;
  std::optional<Packer> up_;  // once there is a value, and with it the optimizer
  Packer down_;
  Backing::Deliver deliver_;
  std::uint64_t last_push_ = 0;       // the round of the servers above that has been answered
  Buffer copy_;                       // what came from them last
  std::uint64_t durable_ = kDurable;  // rounds of the party's

  std::mutex mutex_;
  std::optional<Encoded> value_;  // to be pulled; guarded by mutex_
};

}  // namespace

PartyBacking::PartyBacking(Upstream& upstream, int num_workers)
    : party_(std::make_shared<Party>(upstream, num_workers)) {}

void PartyBacking::begin(const JobConfig& job, std::uint64_t last_round) {
  party_->job = job;
  party_->last_round = last_round;
}

void PartyBacking::on_failure(std::function<void(const std::string& why)> handler) {
  party_->upstream.on_failure(std::move(handler));
}

void PartyBacking::configure(const proto::OptimizerConfig& config) {
  party_->upstream.configure(config);
}

void PartyBacking::tell_whom_it_waits_for(const Chunk& chunk, const Told& told) {
  party_->upstream.tell_whom_it_waits_for(chunk, told);
}

std::optional<proto::OptimizerConfig> PartyBacking::optimizer() const {
  const std::lock_guard lock(party_->mutex);
  return party_->optimizer;
}

std::unique_ptr<Gathering> PartyBacking::gather(const Chunk& chunk) const {
  return std::make_unique<Fsa>(party_->num_workers, chunk.length);
}

std::shared_ptr<ChunkBacking> PartyBacking::open(const Chunk& chunk, Deliver deliver) {
  return std::make_shared<PartyChunk>(party_, chunk, std::move(deliver));
}

}  // namespace geomx::ps
