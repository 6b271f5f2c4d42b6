#pragma once

#include <cstddef>
#include <span>
#include <vector>

// What every encoder asks of its caller.
namespace geomx::ps {

// Throws Error where the message has less room.
void require_room(std::span<std::byte> message, std::size_t most_bytes);

// Throws Error where the slice has more elements than a 32-bit index tells apart.
void require_indexable(std::size_t length);

// One of a SliceState's vectors, made zero by its first use. Throws Error where it is that of a slice of another
// length.
void require_memory(std::vector<float>& memory, std::size_t length);

}  // namespace geomx::ps
