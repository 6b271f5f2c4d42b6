#pragma once

#include <cstdint>
#include <string>

// A job's compression. The same on all of its nodes (job_config.h).
namespace geomx::ps {

// The names, and what they do to a tensor of n elements, with L = size_lower_bound:
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
  double ratio = 0.01;                    // bisparse, mpq: t (codec/bisparse.h)
  std::uint64_t size_lower_bound = 1000;  // bisparse, mpq: L, in elements of the whole tensor
  bool momentum_correction = false;       // bisparse, mpq: see corrects_momentum() in codec/choice.h; not a setting
  bool half_values = false;               // bisparse, mpq: values in binary16
  double threshold = 0.5;                 // 2bit: of the sums that are sent, in their unit
};

}  // namespace geomx::ps
