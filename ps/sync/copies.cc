#include "ps/sync/copies.h"

#include <algorithm>
#include <span>

namespace geomx::ps {

const Buffer& Copies::of(std::uint64_t party) const {
  const auto found = copies_.find(party);
  return found == copies_.end() ? first_ : found->second;
}

Encoded Copies::catch_up(std::uint64_t party, const Buffer& weights, Packer& packer) {
  const Buffer& copy = of(party);
  const std::shared_ptr<float> array = arrays_.take();
  const std::span<const float> wanted = weights.as<float>();
  const std::span<const float> there = copy.as<float>();
  for (std::size_t i = 0; i < wanted.size(); ++i) array.get()[i] = wanted[i] - there[i];
  const Encoded difference = packer.pack(arrays_.freeze(array));
  set(party, caught_up(copy, difference, arrays_));
  return difference;
}

Buffer Copies::caught_up(const Buffer& copy, const Encoded& difference, ArrayPool& arrays) {
  std::shared_ptr<float> array = arrays.take();
  const std::span<float> values(array.get(), arrays.length());
  const std::span<const float> before = copy.as<float>();
  std::copy(before.begin(), before.end(), values.begin());
  add(difference.format, difference.span(), values);
  return arrays.freeze(std::move(array));
}

}  // namespace geomx::ps
