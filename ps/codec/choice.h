#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "ps/codec/codec.h"
#include "ps/proto/ps.pb.h"

// Which tensor travels how, over which link, in which direction.
namespace geomx::ps {

enum class Link : std::uint8_t { lan, wan };  // within a party, or between parties
enum class Direction : std::uint8_t { push, pull };

// A job's compression, the same on all nodes. The names, and what they do to a tensor of n elements, with L =
// size_lower_bound:
//
//               LAN, both ways       WAN, push           WAN, pull
//   none        fp32                 fp32                fp32
//   fp16        fp16                 fp16                fp16
//   bf16        bf16                 bf16                bf16
//   bisparse    fp32                 n >= L: BiSparse    n >= L: NonZeros
//                                    n < L: fp32         n < L: fp32
//   mpq         n >= L: fp32         n >= L: BiSparse    n >= L: NonZeros
//               n < L: fp16          n < L: fp16         n < L: fp16
//   2bit        push TwoBit,         TwoBit              fp32
//               pull fp32
//
// Bi-Sparse and mixed-precision quantisation (MPQ) are GeoMX's (https://github.com/INET-RC/GeoMX), 2bit is MXNet's.
// Sums are fp32 throughout, and so are the weights that an optimizer steps.
struct CodecConfig {
  std::string name = "none";
  double ratio = 0.01;                    // bisparse, mpq: t (bisparse.h)
  std::uint64_t size_lower_bound = 1000;  // bisparse, mpq: L, in elements of the whole tensor
  bool momentum_correction = false;       // bisparse, mpq: see corrects_momentum()
  bool half_values = false;               // bisparse, mpq: values in binary16
  double threshold = 0.5;                 // 2bit: of the sums that are sent, in their unit
};

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
