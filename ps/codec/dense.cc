#include "ps/codec/dense.h"

#include <cstring>

#include "ps/codec/kernels.h"
#include "ps/codec/room.h"

namespace geomx::ps {

std::size_t Fp32::encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const {
  require_room(message, most_bytes(values.size()));
  if (!values.empty()) std::memcpy(message.data(), values.data(), values.size_bytes());
  ++state.messages;
  return values.size_bytes();
}

std::size_t Fp16::encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const {
  require_room(message, most_bytes(values.size()));
  kernels().to_half(values.data(), message.data(), values.size());
  ++state.messages;
  return 2 * values.size();
}

std::size_t Bf16::encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const {
  require_room(message, most_bytes(values.size()));
  kernels().to_bfloat(values.data(), message.data(), values.size());
  ++state.messages;
  return 2 * values.size();
}

}  // namespace geomx::ps
