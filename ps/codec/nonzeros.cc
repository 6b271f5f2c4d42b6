#include "ps/codec/nonzeros.h"

#include <memory>

#include "ps/codec/kernels.h"
#include "ps/codec/room.h"

namespace geomx::ps {

std::size_t NonZeros::encode(std::span<const float> values, SliceState& state, std::span<std::byte> message) const {
  require_indexable(values.size());
  require_room(message, most_bytes(values.size()));
  const auto found = std::make_unique_for_overwrite<std::uint32_t[]>(values.size());
  const std::size_t count = kernels().find(values.data(), values.size(), 1, found.get());
  ++state.messages;
  return write_sparse(values, {found.get(), count}, values_, message);
}

}  // namespace geomx::ps
