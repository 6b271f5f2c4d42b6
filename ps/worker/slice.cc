#include "ps/worker/slice.h"

#include <string>

#include "ps/config/error.h"
#include "ps/transport/wire.h"

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

Chunk read_chunk(const proto::Data& data) {
  if (data.slices_size() != 1) {
    throw Error("a request with " + std::to_string(data.slices_size()) + " slices, where 1 is wanted");
  }
  const proto::Slice& slice = data.slices(0);
  const Chunk chunk{slice.key(), slice.offset(), slice.length(), slice.total()};
  if (chunk.length > chunk.total || chunk.offset > chunk.total - chunk.length) {
    throw Error(in_words(chunk) + " lies outside of its tensor");
  }
  if (chunk.length > kMaxFrameBytes / sizeof(float)) {
    throw Error(in_words(chunk) + " has " + std::to_string(chunk.length) + " elements, more than a frame can hold");
  }
  return chunk;
}

Encoded read_values(const Chunk& chunk, const Message& message) {
  if (message.frames.size() > 1 || (message.frames.empty() && chunk.length > 0)) {
    throw Error(in_words(chunk) + ": " + std::to_string(message.frames.size()) + " frames, where " +
                (chunk.length > 0 ? "1" : "0") + " is wanted");
  }
  const Buffer frame = message.frames.empty() ? Buffer() : message.frames.front();
  try {
    return read_slice(message.header.data(), frame, chunk.length);
  } catch (const Error& error) {
    throw Error(in_words(chunk) + ": " + error.what());
  }
}

}  // namespace geomx::ps
