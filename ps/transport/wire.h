#pragma once

#include <cstddef>
#include <string>

#include "ps/transport/message.h"

namespace geomx::ps {

// The header frame: a serialized proto::Header. Real headers have a few dozen bytes per tensor slice.
inline constexpr std::size_t kMaxHeaderBytes = 16u << 20;
inline constexpr std::size_t kMaxFrameBytes = std::size_t{4} << 30;

// False where the bytes are no header of this protocol. A registration of another version passes, and so does the
// refusal that answers it, so that the user is told; nothing else does.
bool decode_header(const void* data, std::size_t size, proto::Header& header);
bool acceptable(const proto::Header& header);
// Of bytes that decode_header() does not take, for people: "37 bytes that are no header".
std::string what_is_wrong(const void* data, std::size_t size);

std::size_t frame_bytes(const Message& message);

}  // namespace geomx::ps
