#pragma once

#include "ps/proto/ps.pb.h"
#include "ps/sync/encoded.h"
#include "ps/transport/message.h"
#include "ps/worker/partition.h"

namespace geomx::ps {

// A chunk in a message's header. The first is for a message that carries none of its elements.
void write_slice(const Chunk& chunk, proto::Data& data);
void write_slice(const Chunk& chunk, Format format, proto::Data& data);

// What a message's frame holds of its one chunk, as its header says it. Throws Error where the bytes are none that an
// encoder writes for `length` elements, or where the header says nothing.
Encoded read_slice(const proto::Data& data, const Buffer& frame, std::size_t length);

// What a request is about, and what it carries: its one chunk, which lies inside of its tensor and is no longer than a
// frame may be; and its one frame. Throw Error.
Chunk read_chunk(const proto::Data& data);
Encoded read_values(const Chunk& chunk, const Message& message);

}  // namespace geomx::ps
