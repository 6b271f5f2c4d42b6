#include "ps/transport/message.h"

#include <cstring>

#include "ps/transport/transport.h"

namespace geomx::ps {

std::string to_string(NodeId id) {
  switch (id.role) {
    case Role::scheduler:
      return "scheduler";
    case Role::server:
      return "server " + std::to_string(id.rank);
    case Role::worker:
      return "worker " + std::to_string(id.rank);
  }
  return "node " + std::to_string(id.packed());
}

std::string to_string(const Endpoint& endpoint) {
  return endpoint.host + ":" + std::to_string(endpoint.port);
}

Buffer Buffer::copy_of(const void* data, std::size_t size) {
  if (size == 0) return {};
  // new[] of std::byte is aligned for every fundamental type, so for kAlignment as well.
  std::shared_ptr<std::byte[]> bytes(new std::byte[size]);
  std::memcpy(bytes.get(), data, size);
  const void* start = bytes.get();
  return {std::move(bytes), start, size};
}

}  // namespace geomx::ps
