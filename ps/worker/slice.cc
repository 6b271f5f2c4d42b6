#include "ps/worker/slice.h"

#include <string>

#include "ps/config/error.h"

namespace geomx::ps {

void write_slice(const Chunk& chunk, proto::Data& data) {
  proto::Slice& slice = *data.add_slices();
  slice.set_key(chunk.key);
  slice.set_offset(chunk.offset);
  slice.set_length(chunk.length);
  slice.set_total(chunk.total);
}

void write_slice(const Chunk& chunk, Format format, proto::Data& data) {
  write_slice(chunk, data);
  data.mutable_slices(data.slices_size() - 1)->set_format(static_cast<std::uint32_t>(format));
}

Encoded read_slice(const proto::Data& data, const Buffer& frame, std::size_t length) {
  if (data.slices_size() != 1) throw Error("a message of " + std::to_string(data.slices_size()) + " slices, not 1");
  const std::uint32_t format = data.slices(0).format();
  if (format > 0xff) throw Error("a slice in format " + std::to_string(format) + ", which is unknown here");
  Encoded encoded{static_cast<Format>(format), frame};
  check(encoded.format, encoded.span(), length);
  return encoded;
}

}  // namespace geomx::ps
