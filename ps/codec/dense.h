#pragma once

#include "ps/codec/codec.h"

// Every element of a slice, one after the other, without state.
namespace geomx::ps {

// Format::fp32: the values as they are. A sender that holds them in a Buffer can send that, and needs no encoder.
class Fp32 : public Encoder {
 public:
  Format format() const override { return Format::fp32; }
  std::size_t most_bytes(std::size_t length) const override { return 4 * length; }
  std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const override;
};

// Format::fp16: rounded to binary16, with an error of at most 2^-11 of the value (2^-25 below 2^-14, 6.1e-5). What
// exceeds 65504 becomes infinity, which a server refuses in a gradient.
class Fp16 : public Encoder {
 public:
  Format format() const override { return Format::fp16; }
  std::size_t most_bytes(std::size_t length) const override { return 2 * length; }
  std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const override;
};

// Format::bf16: rounded to bfloat16, with an error of at most 2^-8 of the value, and the range of binary32.
class Bf16 : public Encoder {
 public:
  Format format() const override { return Format::bf16; }
  std::size_t most_bytes(std::size_t length) const override { return 2 * length; }
  std::size_t encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const override;
};

}  // namespace geomx::ps
