#pragma once

#include <cstddef>
#include <span>

#include "ps/codec/codec.h"
#include "ps/sync/array_pool.h"
#include "ps/transport/message.h"

namespace geomx::ps {

// A slice as it travels: its bytes, and how they are to be read.
struct Encoded {
  Format format = Format::fp32;
  Buffer bytes{};

  std::span<const std::byte> span() const { return {static_cast<const std::byte*>(bytes.data()), bytes.size()}; }
};

// The values: of fp32 the buffer itself, else an array of the pool, whose length is the slice's.
Buffer unpack(const Encoded& encoded, ArrayPool& arrays);

}  // namespace geomx::ps
