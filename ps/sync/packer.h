#pragma once

#include <cstddef>
#include <memory>

#include "ps/codec/codec.h"
#include "ps/sync/array_pool.h"
#include "ps/sync/encoded.h"

namespace geomx::ps {

// Makes what travels of one slice, one way: an encoder, what it remembers of this slice, and room for its messages.
//
// Threading: one thread at a time. Errors: Error (Encoder::encode).
class Packer {
 public:
  Packer(std::shared_ptr<const Encoder> encoder, std::size_t length);  // of the slice

  // fp32 travels as it is: the result shares the values' memory.
  Encoded pack(const Buffer& values);

 private:
  std::shared_ptr<const Encoder> encoder_;
  SliceState state_;
  ArrayPool room_;
};

}  // namespace geomx::ps
