#include "ps/codec/room.h"

#include <cstdint>
#include <limits>
#include <string>

#include "ps/config/error.h"

namespace geomx::ps {

void require_room(std::span<std::byte> message, std::size_t most_bytes) {
  if (message.size() >= most_bytes) return;
  throw Error("room for a message of " + std::to_string(message.size()) + " bytes, where it may have " +
              std::to_string(most_bytes));
}

void require_indexable(std::size_t length) {
  if (length <= std::numeric_limits<std::uint32_t>::max()) return;
  throw Error("a slice of " + std::to_string(length) + " elements, where a sparse one has at most 4294967295");
}

void require_memory(std::vector<float>& memory, std::size_t length) {
  if (memory.empty()) memory.resize(length);
  if (memory.size() == length) return;
  throw Error("the state of a slice of " + std::to_string(memory.size()) + " elements, used for one of " +
              std::to_string(length));
}

}  // namespace geomx::ps
