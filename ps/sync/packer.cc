#include "ps/sync/packer.h"

#include <utility>

namespace geomx::ps {

Packer::Packer(std::shared_ptr<const Encoder> encoder, std::size_t length)
    : encoder_(std::move(encoder)), room_((encoder_->most_bytes(length) + sizeof(float) - 1) / sizeof(float)) {}

Encoded Packer::pack(const Buffer& values) {
  if (encoder_->format() == Format::fp32) return {Format::fp32, values};
  std::shared_ptr<float> room = room_.take();
  const std::span<std::byte> message(reinterpret_cast<std::byte*>(room.get()), room_.length() * sizeof(float));
  const std::size_t size = encoder_->encode(values.as<float>(), state_, message);
  const void* data = room.get();
  return {encoder_->format(), Buffer(std::move(room), data, size)};
}

}  // namespace geomx::ps
