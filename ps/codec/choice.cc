#include "ps/codec/choice.h"

#include "ps/codec/bisparse.h"
#include "ps/codec/dense.h"
#include "ps/codec/nonzeros.h"
#include "ps/codec/twobit.h"
#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr float kMomentum = 0.9F;

SparseValues sparse_values(const CodecConfig& config) {
  return config.half_values ? SparseValues::fp16 : SparseValues::fp32;
}

std::shared_ptr<const Encoder> bisparse(const CodecConfig& config) {
  return std::make_shared<BiSparse>(BiSparseSettings{.ratio = config.ratio,
                                                     .momentum = config.momentum_correction ? kMomentum : 0.0F,
                                                     .values = sparse_values(config)});
}

std::shared_ptr<const Encoder> twobit(const CodecConfig& config) {
  return std::make_shared<TwoBit>(static_cast<float>(config.threshold));
}

}  // namespace

void validate(const CodecConfig& config) {
  const std::string& name = config.name;
  if (workers_step(config)) {
    bisparse(config);
  } else if (name == "2bit") {
    twobit(config);
  } else if (name != "none" && name != "fp16" && name != "bf16") {
    throw Error("codec \"" + name + "\" is unknown (none, fp16, bf16, bisparse, mpq or 2bit)");
  }
}

bool workers_step(const CodecConfig& config) {
  return config.name == "bisparse" || config.name == "mpq";
}

bool corrects_momentum(const proto::OptimizerConfig& optimizer) {
  return optimizer.name() == "sgd" && optimizer.momentum() == 0;
}

std::shared_ptr<const Encoder> encoder_for(const CodecConfig& config, std::uint64_t tensor_length, Link link,
                                           Direction direction) {
  validate(config);
  const std::string& name = config.name;
  const bool large = tensor_length >= config.size_lower_bound;
  if (workers_step(config) && large && link == Link::wan) {
    if (direction == Direction::push) return bisparse(config);
    return std::make_shared<NonZeros>(sparse_values(config));
  }
  if (name == "fp16" || (name == "mpq" && !large)) return std::make_shared<Fp16>();
  if (name == "bf16") return std::make_shared<Bf16>();
  if (name == "2bit" && direction == Direction::push) return twobit(config);
  return std::make_shared<Fp32>();
}

}  // namespace geomx::ps
