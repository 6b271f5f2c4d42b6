#pragma once

#include <cstdint>
#include <memory>

#include "ps/codec/codec.h"
#include "ps/config/codec_config.h"
#include "ps/proto/ps.pb.h"

// Which tensor travels how, over which link, in which direction.
namespace geomx::ps {

enum class Link : std::uint8_t { lan, wan };  // within a party, or between parties
enum class Direction : std::uint8_t { push, pull };

// The table is in codec_config.h.

// Throws Error, naming the setting, the value seen and the values allowed.
void validate(const CodecConfig& config);

// What travels down is the sum of the gradients, and every worker steps the optimizer on it; else the servers step it
// and new weights travel down. So it is with bisparse and mpq: weights are not sparse.
bool workers_step(const CodecConfig& config);

// Momentum correction stands in for the optimizer's own momentum, or would count it twice: it is for SGD without.
bool corrects_momentum(const proto::OptimizerConfig& optimizer);

// For the slices of a tensor of `tensor_length` elements; all of a tensor's slices go the same way. Throws Error as
// validate() does.
std::shared_ptr<const Encoder> encoder_for(const CodecConfig& config, std::uint64_t tensor_length, Link link,
                                           Direction direction);

}  // namespace geomx::ps
