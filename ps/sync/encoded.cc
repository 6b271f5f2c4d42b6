#include "ps/sync/encoded.h"

namespace geomx::ps {

Buffer unpack(const Encoded& encoded, ArrayPool& arrays) {
  if (encoded.format == Format::fp32) return encoded.bytes;
  std::shared_ptr<float> array = arrays.take();
  decode(encoded.format, encoded.span(), {array.get(), arrays.length()});
  return arrays.freeze(std::move(array));
}

}  // namespace geomx::ps
