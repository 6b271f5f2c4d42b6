#include "ps/transport/wire.h"

#include <google/protobuf/stubs/logging.h>

namespace geomx::ps {

bool acceptable(const proto::Header& header) {
  switch (header.body_case()) {
    case proto::Header::BODY_NOT_SET:
      return false;
    case proto::Header::kRegister:
    case proto::Header::kRefusal:
      return true;
    default:
      return header.version() == kProtocolVersion;
  }
}

bool decode_header(const void* data, std::size_t size, proto::Header& header) {
  // protobuf would print about every bad header that a stranger sends.
  [[maybe_unused]] static auto* const former = google::protobuf::SetLogHandler(nullptr);
  if (size == 0 || size > kMaxHeaderBytes) return false;
  return header.ParseFromArray(data, static_cast<int>(size)) && acceptable(header);
}

std::string what_is_wrong(const void* data, std::size_t size) {
  const std::string bytes = std::to_string(size) + " bytes";
  if (size == 0) return "an empty header";
  if (size > kMaxHeaderBytes) return "a header of " + bytes;
  proto::Header header;
  if (!header.ParseFromArray(data, static_cast<int>(size))) return bytes + " that are no header";
  if (header.body_case() == proto::Header::BODY_NOT_SET) return "a header that says nothing";
  return "a header of version " + std::to_string(header.version()) + " of the protocol, where " +
         std::to_string(kProtocolVersion) + " is spoken";
}

std::size_t frame_bytes(const Message& message) {
  std::size_t bytes = 0;
  for (const Buffer& frame : message.frames) bytes += frame.size();
  return bytes;
}

}  // namespace geomx::ps
